import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

export interface Options {
  readonly rounds: number
  readonly slowMs: number
  readonly budgetMs: number
  /** Parts of names; empty: everybody. */
  readonly only: readonly string[]
  readonly scenarios: readonly Scenario[]
  readonly quick: boolean
  readonly json: string
  /** Results to report on instead of measuring. */
  readonly from: string | undefined
  readonly write: boolean
  readonly timeoutMs: number
  /** Put before the command of every measurement, for instance `taskset -c 2,3`. */
  readonly prefix: readonly string[]
}

export const USAGE = `npm run bench -- [options]
  --rounds <n>          how often everything is measured; default 5
  --slow <seconds>      who takes longer for one measurement takes part in two rounds only; default 8
  --minutes <n>         after which nothing is measured again that has a figure; default 22
  --scenarios <A,B,…>   default all
  --only <names>        contenders whose name holds one of these (comma between them)
  --quick               small sizes and one round, to try it out; its figures mean nothing
  --json <file>         where the results go; default bench/results.json (quick: nowhere)
  --write               puts tables and charts into BENCHMARKS.md
  --from <file>         report on earlier results, measure nothing
  --timeout <seconds>   for one measurement; default 300
  --prefix <command>    put before the command of every measurement`

/** @throws TypeError on what it does not understand. */
export function readOptions(args: readonly string[], root: string): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      minutes: { type: 'string', default: '22' },
      slow: { type: 'string', default: '8' },
      only: { type: 'string', default: '' },
      scenarios: { type: 'string', default: SCENARIOS.map(({ id }) => id).join(',') },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      write: { type: 'boolean', default: false },
      timeout: { type: 'string', default: '300' },
      prefix: { type: 'string', default: '' },
    },
  })
  const { quick, write } = values
  if (quick && write) throw new TypeError('--quick is for trying out: its figures are not to be written down')
  return {
    quick,
    write,
    rounds: positive('--rounds', values.rounds ?? (quick ? '1' : '5')),
    slowMs: positive('--slow', values.slow) * 1000,
    budgetMs: positive('--minutes', values.minutes) * 60_000,
    only: parts(values.only, ','),
    scenarios: parts(values.scenarios, ',').map(scenarioOf),
    json:
      values.json === undefined ? (quick ? '' : resolve(root, 'bench/results.json')) : resolve(values.json),
    from: values.from === undefined ? undefined : resolve(values.from),
    timeoutMs: positive('--timeout', values.timeout) * 1000,
    prefix: parts(values.prefix, ' '),
  }
}

const parts = (text: string, between: string): string[] =>
  text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== '')

function positive(option: string, given: string): number {
  const value = Number(given)
  if (Number.isInteger(value) && value > 0) return value
  throw new TypeError(`${option}: expected a whole number above zero, got ${given}`)
}

function scenarioOf(given: string): Scenario {
  const found = SCENARIOS.find(({ id }) => id === given.toUpperCase())
  if (found !== undefined) return found
  throw new TypeError(
    `--scenarios: there is no ${given}; there are ${SCENARIOS.map(({ id }) => id).join(', ')}`,
  )
}
