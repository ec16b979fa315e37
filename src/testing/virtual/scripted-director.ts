import { isDeepStrictEqual } from 'node:util'
import type { Codec } from '../../core/codec/codec.ts'
import type { Completion, Happening, Key } from '../../core/ports/effects.ts'
import type { Choose } from './random-director.ts'
import { type Director, type Stage, StuckError } from './director.ts'
import type { VirtualRecord } from './record.ts'

/**
 * Lets happen what happened in another world, in the same order and the same batches. That world's effects must be
 * running here too when their turn comes, and steps and children must come to the same.
 */
export class ScriptedDirector implements Director {
  readonly #script: VirtualRecord
  readonly #codec: Codec
  readonly #choose: Choose

  constructor(script: VirtualRecord, codec: Codec, choose: Choose) {
    this.#script = script
    this.#codec = codec
    this.#choose = choose
  }

  async direct(stage: Stage): Promise<void> {
    const from = stage.journal.length
    const { completions, batchEnds } = this.#script
    const end = batchEnds.find((one) => one > from) ?? completions.length
    const ticks = this.#choose(6)
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
    if (from >= completions.length)
      throw new StuckError(
        `After all that happened before, the run still waits for ${stage.activeKeys.join(', ')}`,
      )
    for (const completion of completions.slice(from, end)) await this.#repeat(stage, completion)
  }

  handOver(available: number): number {
    return 1 + this.#choose(available)
  }

  async #repeat(stage: Stage, completion: Completion): Promise<void> {
    if (isOwnDoing(completion)) {
      const happening = await this.#outcome(stage, completion.key)
      if (!this.#same(happening, completion))
        throw new Error(
          `${completion.key} came to ${JSON.stringify(happening)}, not to ${JSON.stringify(completion)}`,
        )
    }
    await passTime(stage, completion.at)
    stage.commit(completion)
  }

  /** Time passes until the effect has come to something. */
  async #outcome(stage: Stage, key: Key): Promise<Happening> {
    for (;;) {
      await stage.settle()
      const happening = stage.happeningOf(key)
      if (happening !== undefined) return happening
      const due = stage.clock.next()
      if (due === undefined || !stage.activeKeys.includes(key))
        throw new StuckError(`${key} comes to nothing`)
      stage.clock.advance(due - stage.clock.now())
    }
  }

  /** Stack traces may differ, as the function was called from another place. */
  #same(happening: Happening, completion: Completion): boolean {
    if (happening.kind !== completion.kind) return false
    const payload = (of: Happening): unknown =>
      withoutStack('payload' in of ? this.#codec.decode(of.payload) : undefined)
    return isDeepStrictEqual(payload(happening), payload(completion))
  }
}

/** Of others (time, events, requests) only the journal says what happened. */
function isOwnDoing({ kind }: Completion): boolean {
  return kind.startsWith('step-') || kind.startsWith('child-')
}

/** One timer at a time, so that what each sets off is done before the next. */
async function passTime(stage: Stage, until: number): Promise<void> {
  const { clock } = stage
  await stage.settle()
  while (clock.now() < until) {
    clock.advance(Math.min(until, clock.next() ?? until) - clock.now())
    await stage.settle()
  }
}

function withoutStack(value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value
}
