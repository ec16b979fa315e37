import { drained, nextTurn } from '../../core/turn.ts'
import { type LiveRun, placeOf } from './live-run.ts'
import type { Plan } from './plan.ts'
import { Trouble } from './trouble.ts'

interface SettlingWorld {
  readonly plan: Plan
  readonly runs: readonly LiveRun[]
  isIdle(run: LiveRun, key: string): boolean
  /** Starts children that have been asked for. */
  begin(): void
}

/** So often only microtasks get a turn: enough for nearly all. */
const MICRO = 8
/** After that many, what only pretends to be asynchronous has ended. */
const FEW = MICRO + 5
/** After so many, a wait looks at the time. */
const MANY = 200

/**
 * Resolves when nothing in the world goes on by itself any more: every run has ended or waits for the world, and every
 * step's function has come to something, or to nothing within the plan's patience.
 * @throws {Trouble} code awaits something that is not an operation
 */
export async function settled(world: SettlingWorld): Promise<void> {
  let since: number | undefined
  for (let turn = 0; ; turn++) {
    world.begin()
    await drained()
    for (const { problem } of world.runs) if (problem !== undefined) throw problem
    const working = world.runs.some((run) => !run.waiting)
    const stray = world.runs.find((run) => run.elsewhere)
    const busy = busyIn(world)
    const patient = busy.some((place) => !world.plan.hung.has(place))
    if (!working && stray === undefined && (busy.length === 0 || (!patient && turn >= FEW))) return
    // Looked at twice, and before anything that it may wait for has a turn.
    if (stray !== undefined && turn > 0) throw new Trouble(notAnOperation(world, stray))
    if (turn < MANY) {
      if (turn >= MICRO) await nextTurn()
      continue
    }
    since ??= performance.now()
    if (performance.now() - since > world.plan.patience) {
      if (working) throw new Trouble('The code of the run goes on and on without waiting for anything.')
      for (const place of busy) world.plan.hung.add(place)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Places of steps whose functions are under way, except those of which nothing is expected. */
function busyIn(world: SettlingWorld): string[] {
  return world.runs.flatMap((run) =>
    run.over
      ? []
      : run.virtual.busyKeys.filter((key) => !world.isIdle(run, key)).map((key) => placeOf(run.stored, key)),
  )
}

function notAnOperation({ plan }: SettlingWorld, { stored }: LiveRun): string {
  const where = stored.root ? '`execute`' : `\`execute\` of child ${JSON.stringify(stored.id)}`
  const hint = plan.touched.size === 0 ? '' : ` It has used ${[...plan.touched].join(', ')}.`
  return `${where} awaits something that is not an operation, and would do so again after a crash: put it in a step.${hint}`
}
