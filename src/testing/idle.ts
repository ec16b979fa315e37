import { checkOptions, having, numberFrom } from '../core/check.ts'
import { type Duration, milliseconds } from '../core/duration.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What these helpers need of an engine: `createEngine()` makes one. */
export interface IdleEngine {
  /** Resolves when no run here can go on by itself: each has ended, or waits for a time, an event or something outside. */
  idle(): Promise<void>
}

const isEngine = having('idle')

/**
 * Resolves when the engine's runs can go on no further by themselves: each has ended, or waits for the clock, an event or
 * another process. Never, while a step's function does not end.
 * @throws {TypeError} not an engine
 */
export async function waitUntilIdle(engine: IdleEngine): Promise<void> {
  isEngine(engine, 'waitUntilIdle() engine')
  await engine.idle()
}

export interface AdvanceOptions {
  /**
   * Milliseconds of real time after which a step that still runs is taken to wait for the clock, for its `timeout` say, so
   * that the clock goes on beside it. Default 50: enough for functions that do nothing real.
   */
  readonly patience?: number
}

const ADVANCE = { patience: numberFrom(0) }

/**
 * Lets `duration` pass on the engine's virtual clock: timer after timer, each time until the runs have done all they can,
 * so that what they schedule on the way fires in its turn too. Thirty days of sleeps, retries and timeouts take
 * milliseconds.
 *
 * ```ts
 * const clock = new VirtualClock()
 * const engine = createEngine({ store: memoryStore(), clock })
 * const run = await reminders.start('ada', { engine })
 * await advance(engine, clock, '30d')
 * ```
 *
 * @throws {TypeError} a bad duration, not an engine, or not a `VirtualClock`
 */
export async function advance(
  engine: IdleEngine,
  clock: VirtualClock,
  duration: Duration,
  options: AdvanceOptions = {},
): Promise<void> {
  isEngine(engine, 'advance() engine')
  if (!(clock instanceof VirtualClock))
    throw new TypeError('advance(): expected the VirtualClock of the engine')
  checkOptions('advance()', options, ADVANCE)
  const { patience = 50 } = options
  const until = clock.steady() + milliseconds(duration, 'advance() duration')
  await within(patience, engine.idle())
  while (clock.steady() < until) {
    const left = until - clock.steady()
    const next = clock.next()
    clock.advance(next === undefined ? left : Math.min(left, next - clock.now()))
    await within(patience, engine.idle())
  }
}

/** Resolves with the promise, or after so many milliseconds without it. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const time = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([promise, time]).finally(() => clearTimeout(timer))
}
