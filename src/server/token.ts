/** Long enough, and of characters that a header and an address can hold as they are. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.~+/=-]{16,}$/.test(value)
}
