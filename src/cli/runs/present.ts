import type { CommandContext } from '../context.ts'
import { type ExitCode, heaviest } from '../exit-codes.ts'
import { printable } from '../text/printable.ts'
import type { Executed } from './execute.ts'
import { exitCodeOf, explain, outcomeDocument } from './outcome.ts'

/** Prints what became of the one run that the command is about. */
export function presentOne(context: CommandContext, { outcomes, cut, why }: Executed): ExitCode {
  const { terminal } = context
  const [outcome] = outcomes
  if (outcome === undefined) {
    terminal.note('Nothing was started')
    return cut ?? 0
  }
  for (const line of why) terminal.note(`  ${line}`)
  if (terminal.json) terminal.printJson(outcomeDocument(outcome))
  else if (outcome.status === 'completed') terminal.printValue(outcome.output)
  if (outcome.status !== 'completed') explain(context, outcome)
  return outcome.status === 'interrupted' && cut !== undefined ? cut : exitCodeOf(outcome)
}

/** The same for several: a line for each. */
export function presentAll(
  context: CommandContext,
  { outcomes, cut }: Executed,
  problems: readonly ExitCode[],
): ExitCode {
  const { terminal } = context
  if (terminal.json) terminal.printJson(outcomes.map(outcomeDocument))
  for (const outcome of outcomes) {
    if (outcome.status !== 'completed') explain(context, outcome)
    else if (!terminal.json)
      terminal.print(`${printable(outcome.id)} ${printable(outcome.workflow ?? '')} ${outcome.status}`)
  }
  const codes = [...problems, ...outcomes.map(exitCodeOf)]
  return heaviest(cut === undefined ? codes : [...codes, cut])
}
