/** One of the processes on a file: executes whatever runs there are, until it is told to finish, or killed. */
import { createEngine, EngineStoppedError, type Workflow } from '../../src/index.ts'
import { describeError } from './describe.ts'
import { Log } from './log.ts'
import type { Death, Order, Report, Root } from './orders.ts'
import { torture } from './perform.ts'
import type { Block } from './program.ts'

type Play = Extract<Order, { say: 'play' }>

const say = (report: Report): void => void process.send?.(report)
const problem = (error: unknown): void =>
  say({ say: 'problem', text: error instanceof Error ? (error.stack ?? error.message) : String(error) })

/** Nothing is asked of the process in between: a kill in the middle is as good as one from outside. */
function mortal(log: Log, death: Death | undefined): (moment: Death['moment']) => void {
  let left = death?.count ?? 0
  return (moment) => {
    if (moment !== death?.moment || --left > 0) return
    log.died()
    process.kill(process.pid, 'SIGKILL')
  }
}

/** @returns ends the round here */
function play({
  dir,
  settings: { concurrency, ...settings },
  roots,
  waits,
  works,
  death,
}: Play): () => Promise<void> {
  const log = new Log(dir)
  const complain = (message: string, fields?: object): void => problem(`${message} ${describeFields(fields)}`)
  const engine = createEngine({
    dir,
    ...settings,
    log: { debug() {}, info() {}, warn: complain, error: complain },
  })
  const code = torture(() => log, mortal(log, death))
  const stop = new AbortController()
  const unlessStopped = (error: unknown): void => {
    if (!stop.signal.aborted && !(error instanceof EngineStoppedError)) problem(error)
  }
  if (works) engine.work([code], { concurrency }).catch(unlessStopped)
  for (const root of roots) follow(code, root, log).catch(unlessStopped)
  return async () => {
    stop.abort()
    await engine.stop({ grace: 0 })
    log.close()
  }

  async function follow(workflow: Workflow<Block>, { id, body }: Root, told: Log): Promise<void> {
    const run = await workflow.start(body, { id, engine })
    if (!waits) return
    try {
      told.told(id, { status: 'completed', value: await run.result() })
    } catch (error) {
      if (stop.signal.aborted || error instanceof EngineStoppedError) return
      const status = (error as { kind?: unknown }).kind === 'run-cancelled' ? 'cancelled' : 'failed'
      told.told(id, { status, error: describeError(error) })
    }
  }
}

function describeFields(fields: object | undefined): string {
  const { error, ...rest } = (fields ?? {}) as { error?: unknown }
  return `${JSON.stringify(rest)} ${error instanceof Error ? error.stack : JSON.stringify(error)}`
}

let finish: (() => Promise<void>) | undefined
process.on('message', (order: Order) => {
  if (order.say === 'play') finish = play(order)
  else
    void finish?.().then(
      () => say({ say: 'finished' }),
      (error: unknown) => problem(error),
    )
})
process.on('disconnect', () => process.exit())
say({ say: 'ready' })
