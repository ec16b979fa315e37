/** One execution of one `execute` in a virtual world, for tests that are about one thing. */
import { type Context, NonDeterminismError } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import type { RunOutcome } from '../../src/core/ending.ts'
import { Run } from '../../src/core/run.ts'
import { runLoop } from '../../src/core/run-loop.ts'
import { nextTurn } from '../../src/core/turn.ts'
import { RandomDirector } from '../../src/testing/virtual/random-director.ts'
import { recordUpTo, type VirtualRecord } from '../../src/testing/virtual/record.ts'
import { VirtualEffects } from '../../src/testing/virtual/virtual-effects.ts'
import { codec } from './simulate.ts'

export type Execute = (ctx: Context) => PromiseLike<unknown>

export const PATIENCE = 3000

/** One execution in a world where the first thing that can happen always does. */
export class Execution {
  readonly world: VirtualEffects
  /** Of the loop alone: nothing but its patience is on it. */
  readonly patience = new VirtualClock()
  readonly run: Run
  readonly ended: Promise<RunOutcome>

  constructor(execute: Execute, record?: VirtualRecord) {
    const director = new RandomDirector({
      choose: () => 0,
      cancellation: codec.encodeError(new Error('nothing else can happen')),
    })
    this.world = new VirtualEffects({
      clock: new VirtualClock(),
      codec,
      director,
      ...(record === undefined ? {} : { record }),
    })
    const identity = { id: 'order-7', name: 'order', seed: '0123456789abcdef0123456789abcdef', createdAt: 0 }
    this.run = new Run(identity, this.world, codec, { debug() {}, info() {}, warn() {}, error() {} })
    this.run.begin(execute, undefined)
    this.ended = runLoop(this.run, this.world, { clock: this.patience, patience: PATIENCE })
    this.ended.catch(() => undefined)
  }

  /** What the loop throws, once its patience has run out. */
  async refusal(): Promise<NonDeterminismError> {
    await nextTurn()
    this.patience.advance(PATIENCE)
    const refused: unknown = await this.ended.then(
      (outcome) => new Error(`the run ended: ${JSON.stringify(outcome)}`),
      (error: unknown) => error,
    )
    if (!(refused instanceof NonDeterminismError)) throw refused
    return refused
  }
}

/** The journal of `execute`, up to a crash after entry number `length`. */
export async function journalOf(execute: Execute, length = Number.POSITIVE_INFINITY): Promise<VirtualRecord> {
  const execution = new Execution(execute)
  await execution.ended
  return recordUpTo(execution.world.record, length)
}
