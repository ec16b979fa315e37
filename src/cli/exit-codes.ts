/** What a script can tell from how the command ended. Documented in `--help` and ADR 4; a number is never reused. */
export const EXIT = {
  completed: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  blocked: 4,
  store: 5,
  cancelled: 6,
  conflict: 7,
  internal: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.completed, 'the run completed; the command did what was asked'],
  [EXIT.failed, 'the run failed'],
  [EXIT.usage, 'bad arguments or input, or a workflow file that does not load'],
  [EXIT.notFound, 'there is no such run, no such step in it, or no such workflow in the file'],
  [EXIT.blocked, 'the run is parked: its code no longer fits its journal'],
  [EXIT.store, 'the run database cannot be read or written'],
  [EXIT.cancelled, 'the run was cancelled'],
  [
    EXIT.conflict,
    'the state of the run does not allow it (it is executed elsewhere, it has ended, the id is taken)',
  ],
  [EXIT.internal, 'an error that nobody handled; unfinished runs stay resumable'],
  [EXIT.interrupted, 'interrupted (Ctrl-C, SIGTERM); unfinished runs stay resumable'],
]

export const EXIT_HELP: string = [
  'Exit codes:',
  ...MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
].join('\n')

/** Of several runs, the one that a script most needs to know of. */
const BY_WEIGHT: readonly ExitCode[] = [
  EXIT.interrupted,
  EXIT.internal,
  EXIT.store,
  EXIT.failed,
  EXIT.blocked,
  EXIT.usage,
  EXIT.notFound,
  EXIT.cancelled,
  EXIT.conflict,
]

export function heaviest(codes: readonly ExitCode[]): ExitCode {
  return BY_WEIGHT.find((code) => codes.includes(code)) ?? EXIT.completed
}
