/** Plain JSON to text in slices: the text is that of `JSON.stringify`. */
import { cutText } from './cut-text.ts'
import { hasNamedProperties, hasToJson, isPlainObject, isPlainPrimitive, MEMBER, walk } from './plain-json.ts'

/** Characters, about, that are looked at and written at once. */
export const SLICE: number = 256 * 1024

/** Thrown, and caught, here alone. */
const NOT_PLAIN = new Error('It is not plain JSON')

/**
 * Yields after each slice.
 * @returns undefined for what is not plain JSON
 * @throws what a getter throws
 */
export function* plainTextInSlices(
  value: unknown,
  slice: number = SLICE,
): Generator<void, string | undefined> {
  if (hasToJson()) return undefined
  const writer = new SliceWriter(slice)
  try {
    yield* writer.write(value, 0)
    return writer.text
  } catch (thrown) {
    if (thrown === NOT_PLAIN) return undefined
    throw thrown
  }
}

class SliceWriter {
  text = ''
  readonly #slice: number
  readonly #met = new Met()
  /** Characters, about, that were looked at since the last pause. */
  #since = 0

  constructor(slice: number) {
    this.#slice = slice
  }

  #paused(): void {
    this.#since = 0
  }

  *write(value: unknown, depth: number): Generator<void, void> {
    if (this.#isSmall(value, depth)) this.text += JSON.stringify(value)
    else if (typeof value === 'string') yield* this.#string(value)
    else if (Array.isArray(value)) yield* this.#array(value, depth)
    else yield* this.#properties(value as Readonly<Record<string, unknown>>, depth)
  }

  /** Members that are small are written together. */
  *#array(array: readonly unknown[], depth: number): Generator<void, void> {
    this.#meet(array)
    if (hasNamedProperties(array)) throw NOT_PLAIN
    yield
    this.text += '['
    let written = 0
    const writeUpTo = (end: number): void => {
      if (written === end) return
      const text = JSON.stringify(array.slice(written, end))
      this.text += `${written === 0 ? '' : ','}${text.slice(1, -1)}`
      written = end
    }
    for (let i = 0; i < array.length; i++) {
      const isSmall = this.#isSmall(array[i], depth + 1)
      if (isSmall && this.#since < this.#slice) continue
      writeUpTo(isSmall ? i + 1 : i)
      if (!isSmall) {
        this.text += i === 0 ? '' : ','
        yield* this.write(array[i], depth + 1)
        written = i + 1
      }
      yield this.#paused()
    }
    writeUpTo(array.length)
    this.text += ']'
  }

  *#properties(object: Readonly<Record<string, unknown>>, depth: number): Generator<void, void> {
    this.#meet(object)
    let mark = '{'
    for (const key of Object.keys(object)) {
      this.text += `${mark}${JSON.stringify(key)}:`
      mark = ','
      yield* this.write(object[key], depth + 1)
      if (this.#since >= this.#slice) yield this.#paused()
    }
    this.text += '}'
  }

  *#string(value: string): Generator<void, void> {
    this.text += '"'
    // Half a pair of surrogates would be written as an escape.
    for (const part of cutText(value, this.#slice)) {
      this.text += JSON.stringify(part).slice(1, -1)
      yield this.#paused()
    }
    this.text += '"'
  }

  /** Whether it can be written at once. Then all that is in it counts as met. */
  #isSmall(value: unknown, depth: number): boolean {
    if (typeof value === 'string') {
      this.#since += value.length
      return value.length <= this.#slice
    }
    this.#since += MEMBER
    if (typeof value !== 'object' || value === null) return isPlainPrimitive(value) || notPlain()
    const looked = walk(this.#slice)
    if (!isPlainObject(value, looked, depth)) return looked.left < 0 ? false : notPlain()
    this.#since += this.#slice - looked.left
    for (const object of looked.many ?? looked.few) this.#meet(object)
    return true
  }

  #meet(object: object): void {
    if (this.#met.has(object)) notPlain()
    this.#met.add(object)
  }
}

/** Objects in one Set: a larger one holds the event loop up when it grows. */
const FULL = 2 ** 16

class Met {
  readonly #full: Set<object>[] = []
  #last = new Set<object>()

  has(object: object): boolean {
    return this.#last.has(object) || this.#full.some((set) => set.has(object))
  }

  add(object: object): void {
    if (this.#last.size === FULL) {
      this.#full.push(this.#last)
      this.#last = new Set()
    }
    this.#last.add(object)
  }
}

function notPlain(): never {
  throw NOT_PLAIN
}
