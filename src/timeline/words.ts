/** Figures as the sentences of an advice have them. */

export function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)}%`
}

export function quoted(name: string): string {
  return `\`${name}\``
}

/** The first few, and how many more there are. */
export function listed(names: readonly string[]): string {
  const few = names.slice(0, 3).map(quoted).join(', ')
  return names.length > 3 ? `${few} and ${names.length - 3} more` : few
}
