/** What one object is written with. */
export interface SlotWriter {
  /** What stands for a value inside an object: see `graph-writer.ts`. */
  slot(value: unknown, step: string | number): Slot
  /** A property's value. What a getter throws is refused, or replaced within an error. */
  read(object: object, key: string): unknown
  /** Does nothing within an error. */
  refuse(step: string | number | symbol, problem: string): void
}

export type Slot = string | number | boolean | null | readonly (string | number)[]

/** An object as it stands in the table: nothing but what JSON can write. */
export type TableNode = Readonly<Record<string, Slot>> | readonly unknown[]

/** All own enumerable properties, `__proto__` too: a spread and `fromEntries` define, they do not assign. */
export function propertySlots(value: object, to: SlotWriter): Readonly<Record<string, Slot>> {
  const slots = copyOf(value, to)
  for (const key of Object.keys(slots)) {
    const member = slots[key]
    const slot = to.slot(member, key)
    if (slot !== member) slots[key] = slot
  }
  return slots as Record<string, Slot>
}

export function chosenSlots(
  value: object,
  keys: readonly string[],
  to: SlotWriter,
): Readonly<Record<string, Slot>> {
  return Object.fromEntries(keys.map((key) => [key, to.slot(to.read(value, key), key)]))
}

/** Getters are evaluated once. One by one only when one of them throws, to learn which. */
function copyOf(value: object, to: SlotWriter): Record<string, unknown> {
  try {
    return { ...value }
  } catch {
    return Object.fromEntries(Object.keys(value).map((key) => [key, to.read(value, key)]))
  }
}
