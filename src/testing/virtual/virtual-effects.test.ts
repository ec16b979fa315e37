import { describe, expect, it } from 'vitest'
import { createCodec } from '../../core/codec/codec.ts'
import { CancelledError } from '../../core/errors.ts'
import type { AttemptControl, Completion, StepEffect } from '../../core/ports/effects.ts'
import { VirtualClock } from '../virtual-clock.ts'
import { RandomDirector } from './random-director.ts'
import { recordUpTo } from './record.ts'
import { VirtualEffects, type VirtualWorldOptions } from './virtual-effects.ts'

const codec = createCodec()
const reason = new CancelledError({ kind: 'race-lost' })

function world(options: Partial<VirtualWorldOptions> = {}): VirtualEffects {
  const director = new RandomDirector({ choose: () => 0, cancellation: codec.encodeError(new Error('stop')) })
  return new VirtualEffects({ clock: new VirtualClock(100), codec, director, ...options })
}

/** A step whose function is in the hands of the test. */
function stepEffect(key: string): { effect: StepEffect; control(): AttemptControl } {
  let given: AttemptControl | undefined
  const effect = {
    kind: 'step' as const,
    key,
    name: key,
    attempt: 1,
    notBefore: 0,
    execute: (control: AttemptControl) => {
      given = control
      return { abort() {} } as unknown as ReturnType<StepEffect['execute']>
    },
  }
  return {
    effect,
    control: () => {
      if (given === undefined) throw new Error(`${key} was not called`)
      return given
    },
  }
}

const kinds = (completions: readonly Completion[]): string[] =>
  completions.map(({ kind, key }) => `${kind} ${key}`)

describe('the virtual world', () => {
  it('D3: returns what its director committed, and nothing else', async () => {
    const effects = world()
    const [a, b] = [stepEffect('a'), stepEffect('b')]
    effects.start(a.effect)
    effects.start(b.effect)
    b.control().report({ kind: 'done', payload: 'j2' })
    a.control().report({ kind: 'done', payload: 'j1' })
    expect(effects.journal).toEqual([])
    expect(kinds(await effects.next())).toEqual(['step-done a'])
    expect(kinds(effects.journal)).toEqual(['step-done a'])
    expect(effects.activeKeys).toEqual(['b'])
  })

  it('R3: refuses the result of a cancelled effect, and takes a report after the abort for a violation', async () => {
    const effects = world()
    const { effect, control } = stepEffect('a')
    effects.start(effect)
    effects.cancel('a', reason)
    expect(effects.violations).toEqual([])
    control().report({ kind: 'done', payload: 'j1' })
    expect(effects.violations).toEqual(['a reported after it was aborted'])
    expect(kinds(await effects.next())).toEqual(['cancel-requested !cancel'])
  })

  it('R1: takes a second call of a recorded attempt for a violation, and counts lost attempts', async () => {
    const before = world()
    for (const key of ['a', 'b']) before.start(stepEffect(key).effect)
    before.commit({ kind: 'step-done', key: 'a', at: 1, attempt: 1, startedAt: 0, payload: 'j1' })
    const effects = world({ record: recordUpTo(before.record, 1) })
    expect(effects.recorded).toBe(1)
    await effects.next()
    const b = stepEffect('b')
    effects.start(b.effect)
    expect([b.control().attempt, effects.violations]).toEqual([2, []])
    const forgetful = world({ record: recordUpTo(before.record, 1), countLostAttempts: false })
    await forgetful.next()
    forgetful.start(stepEffect('a').effect)
    expect(forgetful.violations).toEqual(['a was called again for attempt 1, which is recorded (R1)'])
  })

  it('D4: takes a start during the replay for a violation', () => {
    const before = world()
    before.start(stepEffect('a').effect)
    before.commit({ kind: 'step-done', key: 'a', at: 1, attempt: 1, startedAt: 0, payload: 'j1' })
    const effects = world({ record: before.record })
    effects.start(stepEffect('b').effect)
    expect(effects.violations).toEqual(['b was started during the replay (D4)'])
  })

  it('keeps the deadline of a timer that started before a crash', async () => {
    const before = world()
    before.start({ kind: 'timer', key: 'sleep', duration: 50 })
    const effects = world({ record: recordUpTo(before.record, 0), clock: new VirtualClock(120) })
    effects.start({ kind: 'timer', key: 'sleep', duration: 50 })
    const [fired] = await effects.next()
    expect(fired).toEqual({ kind: 'timer-fired', key: 'sleep', at: 150 })
  })

  it('gives an event to the oldest wait that agrees to it, asks each pair once, and keeps the rest for later', async () => {
    const effects = world({
      events: [
        { name: 'e', payload: 'j1' },
        { name: 'e', payload: 'j2' },
      ],
    })
    const asked: string[] = []
    const accepts = (_name: string, payload: string): boolean => {
      asked.push(payload)
      return payload === 'j2'
    }
    effects.start({ kind: 'event', key: 'w1', names: ['e'], accepts })
    effects.start({ kind: 'event', key: 'w2', names: ['e', 'f'], accepts: () => true })
    expect(effects.offers().map(({ label }) => label)).toEqual(['event 0 for w2', 'event 1 for w1'])
    expect(await effects.next()).toMatchObject([{ kind: 'event-received', key: 'w2', payload: 'j1' }])
    expect(await effects.next()).toMatchObject([{ kind: 'event-received', key: 'w1', payload: 'j2' }])
    expect(asked).toEqual(['j1', 'j2'])
  })

  it('lets a `stop` end when the function has, and cancels the run when nothing else can happen', async () => {
    const effects = world()
    const { effect, control } = stepEffect('a')
    effects.start(effect)
    effects.cancel('a', reason)
    effects.start({ kind: 'stop', key: 'a!stop', target: 'a' })
    expect(kinds(await effects.next())).toEqual(['cancel-requested !cancel'])
    control().ended()
    expect(kinds(await effects.next())).toEqual(['stopped a!stop'])
    await expect(effects.next()).rejects.toThrow('The run is cancelled and still waits for nothing')
  })

  it('leaves nothing running and no timer after `close`', () => {
    const effects = world()
    effects.start(stepEffect('a').effect)
    effects.start({ kind: 'timer', key: 'sleep', duration: 50 })
    effects.close()
    effects.start({ kind: 'timer', key: 'late', duration: 50 })
    expect([effects.activeKeys, effects.clock.pending]).toEqual([[], 0])
  })
})
