import type { WorkflowCode } from '../../core/definition.ts'
import type { Engine } from '../../core/ports/engine.ts'
import type { Logger } from '../../core/ports/logger.ts'

/** An engine for one case. It may share its server and its store with other cases: those have other workflows and ids. */
export interface EnginePlace {
  /**
   * Executes these workflows from now on, in this process. Every one has a name. Called once, before anything is started.
   * @param log where messages of `ctx.log`, of steps and of the engine go, after a `restart` as well
   */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  open(workflows: readonly WorkflowCode<any>[], log: Logger): Promise<Engine>
  /**
   * What a new process would do after a crash of the old one: everything in flight is lost, then the same workflows are
   * executed again. Only the returned engine is used after that.
   */
  restart(): Promise<Engine>
}
