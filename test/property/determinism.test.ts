import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { maybe, program } from './program.ts'
import { drainingEvery, replaysAtOnce, startsDuringReplay } from './mutations.ts'
import { checkReplays, type Fate } from './replays.ts'
import { type Parts, realParts } from './simulate.ts'

/** Programs to try. The default is sized for every run of the tests. */
const RUNS = Number(process.env['AI_WORKFLOWS_PROPERTY_RUNS'] ?? 1000)

const PATIENCE = 120_000 + RUNS * 200

const choices = fc.array(fc.nat(0xffff), { maxLength: 80, size: 'max' })

const fate: fc.Arbitrary<Fate> = fc.record({
  choices,
  otherChoices: choices,
  cancelAt: maybe(fc.nat(12), 4),
  abortAt: maybe(fc.nat(8), 1),
})

const unhandled: unknown[] = []
const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

beforeAll(() => void process.on('unhandledRejection', onUnhandled))
afterAll(() => void process.off('unhandledRejection', onUnhandled))

describe('determinism', () => {
  it(
    'D1 D2 D4 E6 R1: random programs see the same after a crash at any journal entry',
    { timeout: PATIENCE },
    async () => {
      let programs = 0
      let crashPoints = 0
      await fc.assert(
        fc.asyncProperty(program, fate, async (body, fate) => {
          unhandled.length = 0
          crashPoints += await checkReplays(body, fate, realParts)
          programs++
          expect(unhandled).toEqual([])
        }),
        { numRuns: RUNS },
      )
      console.log(
        `${programs} programs, ${crashPoints} crash points, each replayed with another future, and with the same where a batch ended`,
      )
    },
  )

  it(
    'the property has nothing against a runtime that is another one and right',
    { timeout: PATIENCE },
    async () => {
      const found = await fc.check(
        fc.asyncProperty(program, fate, async (body, fate) => {
          await checkReplays(body, fate, drainingEvery(1))
        }),
        { numRuns: 100 },
      )
      expect(found.errorInstance).toBeNull()
    },
  )

  it.each<[string, Parts]>([
    ['D2: drains microtasks after every second delivery only', drainingEvery(2)],
    ['D2: drains no microtasks during a replay', replaysAtOnce],
    ['D4: starts operations without a record during a replay', startsDuringReplay],
  ])('the property notices a runtime that breaks %s', { timeout: PATIENCE }, async (_rule, parts) => {
    const found = await fc.check(
      fc.asyncProperty(program, fate, async (body, fate) => {
        await checkReplays(body, fate, parts)
      }),
      { numRuns: 300, endOnFailure: true },
    )
    console.log(
      `noticed after ${found.numRuns} programs: ${String((found.errorInstance as Error | undefined)?.message).slice(0, 200)}`,
    )
    expect(found.failed).toBe(true)
  })
})
