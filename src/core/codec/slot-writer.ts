/** What the text of one object is made with. */
export interface SlotWriter {
  slot(value: unknown, step: string | number): string
  /** A key as it stands before its slot. */
  key(key: string): string
  /** A property's value. What a getter throws is refused, or replaced within an error. */
  read(object: object, key: string): unknown
  /** Does nothing within an error. */
  refuse(step: string | number | symbol, problem: string): void
}

export function propertiesText(value: object, keys: readonly string[], to: SlotWriter): string {
  let text = ''
  for (const key of keys) {
    text += `${text === '' ? '' : ','}${to.key(key)}${to.slot(to.read(value, key), key)}`
  }
  return `{${text}}`
}
