import { parallel, step, workflow } from 'ai-workflows'
import type { EmbeddedEngine, Engine, JournalEntry, Workflow } from 'ai-workflows'
import { CRASHED, sum } from '../../../contender.ts'
import type { Place, Session } from '../../../contender.ts'

const MANY = 100_000
const isStep = ({ completion }: JournalEntry): boolean => completion.kind === 'step-done'

interface FanOut {
  readonly steps: number
  readonly concurrency: number
}

/** Two workflows as a user would write them. */
export function ourWorkflows({ task }: Place): {
  readonly sequence: Workflow<number, number>
  readonly fanOut: Workflow<FanOut, number>
} {
  const sequence = workflow({
    name: 'sequence',
    execute: async (_ctx, steps: number) => {
      let total = 0
      for (let index = 0; index < steps; index++) total += await step(`step-${index}`, () => task(index))
      return total
    },
  })
  const fanOut = workflow({
    name: 'fan-out',
    execute: async (_ctx, { steps, concurrency }: FanOut) => {
      const branches = Array.from({ length: steps }, (_, index) => step(`step-${index}`, () => task(index)))
      return sum(await parallel(branches, { concurrency }))
    },
  })
  return { sequence, fanOut }
}

/** Runs them on an engine without options. */
export function sessionOf(
  { sequence, fanOut }: ReturnType<typeof ourWorkflows>,
  engine: Engine,
): Pick<Session, 'sequence' | 'fanOut'> & Required<Pick<Session, 'resume'>> {
  return {
    sequence: (steps, id) => sequence.run(steps, { engine, id }),
    fanOut: (steps, concurrency, id) => fanOut.run({ steps, concurrency }, { engine, id }),
    resume: (steps) => sequence.run(steps, { engine, id: CRASHED }),
  }
}

export function openOurs(place: Place, engine: EmbeddedEngine): Session {
  return {
    ...sessionOf(ourWorkflows(place), engine),
    recorded: async () => {
      const runs = await engine.list({}, { limit: MANY })
      const details = await Promise.all(runs.map(({ id }) => engine.inspect(id)))
      return sum(details.map(({ journal }) => journal.filter(isStep).length))
    },
    close: () => engine.stop(),
  }
}
