import type { Tormented } from './torment.ts'

/** A table for people. */
export function summary({ rounds, counts, failures }: Tormented, seconds: number): string {
  const rows: readonly (readonly [string, number | string])[] = [
    ['rounds', rounds],
    ['seconds', Math.round(seconds)],
    ['runs, children included', counts.runs],
    ['completions recorded', counts.completions],
    ['processes killed', counts.deaths],
    ['processes stopped past their lease', counts.pauses],
    ['takeovers by another process', counts.takeovers],
    ['acknowledgements checked', counts.acknowledged],
    ['step functions called', counts.calls],
    ['  their outcome recorded', counts.recorded],
    ['  killed before the effect', counts.cutOff],
    ['  killed between effect and commit', counts.unrecorded],
    ['  lost its lease', counts.fenced],
    ['  given up (race, timeout, failure, cancellation)', counts.givenUp],
    [
      '  unexplained',
      counts.calls - counts.recorded - counts.cutOff - counts.unrecorded - counts.fenced - counts.givenUp,
    ],
    ...counts.extraEffects.map(
      (steps, extra) => [`steps with ${extra} effects more than recorded`, steps ?? 0] as const,
    ),
    ['rounds that lost or repeated something', failures.length],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(
    ([name, value]) => `${name.padEnd(width)}  ${value.toLocaleString('en').padStart(10)}`,
  )
  const failed = failures.map(({ seed, dir }) => `failed: seed ${seed}, left in ${dir}`)
  return [...lines, ...failed, `lost: ${failures.length === 0 ? 0 : 'see above'}`].join('\n')
}
