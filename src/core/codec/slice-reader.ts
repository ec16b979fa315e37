/** A large text of plain JSON to its value in slices: the value is that of `JSON.parse`. */
import { parseJson } from './parse-json.ts'
import { put } from './shell.ts'
import { SLICE } from './slice-writer.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BRACKET = 0x5b
const BRACKET_END = 0x5d
const BACKSLASH = 0x5c
const BRACE = 0x7b
const BRACE_END = 0x7d
const COLON = 0x3a
const SMALL_U = 0x75

/** What a character means outside of a string; most mean nothing here. */
const [QUOTES, OPENS, CLOSES, SEPARATES] = [1, 2, 3, 4] as const
const STRUCTURE = new Uint8Array(128)
STRUCTURE[QUOTE] = QUOTES
STRUCTURE[BRACKET] = STRUCTURE[BRACE] = OPENS
STRUCTURE[BRACKET_END] = STRUCTURE[BRACE_END] = CLOSES
STRUCTURE[COMMA] = SEPARATES

/**
 * Yields after each slice.
 * @param text as `JSON.stringify` writes it, without spaces
 * @param from where it begins: a part of a string is slower to look through than a whole one
 * @param slice characters of one slice; more than a number has
 * @throws SyntaxError
 */
export function* parseInSlices(text: string, from = 0, slice: number = SLICE): Generator<void, unknown> {
  const reader = new SliceReader(text, from, slice)
  const value: unknown = yield* reader.read()
  if (!reader.atEnd) throw new SyntaxError('There is something after the end of the JSON text')
  return value
}

/** Follows the text from container to container until what is left of one fits a slice. */
class SliceReader {
  readonly #text: string
  readonly #slice: number
  #at: number

  constructor(text: string, from: number, slice: number) {
    this.#text = text
    this.#at = from
    this.#slice = slice
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  *read(): Generator<void, unknown> {
    switch (this.#text.charCodeAt(this.#at)) {
      case BRACKET:
        return yield* this.#array()
      case BRACE:
        return yield* this.#object()
      case QUOTE:
        return yield* this.#string()
      default:
        return JSON.parse(this.#take(this.#endOfScalar()))
    }
  }

  *#array(): Generator<void, unknown[]> {
    const value: unknown[] = []
    if (this.#isEmpty(BRACKET_END)) return value
    do {
      const end = this.#endOfMembers()
      if (end > this.#at)
        for (const member of parseJson(`[${this.#take(end)}]`) as unknown[]) value.push(member)
      else value.push(yield* this.read())
      yield
    } while (this.#goesOn(BRACKET_END))
    return value
  }

  *#object(): Generator<void, Record<string, unknown>> {
    const value: Record<string, unknown> = {}
    if (this.#isEmpty(BRACE_END)) return value
    do {
      const end = this.#endOfMembers()
      if (end > this.#at) {
        const some = parseJson(`{${this.#take(end)}}`) as Record<string, unknown>
        for (const key of Object.keys(some)) put(value, key, some[key])
      } else {
        const key = yield* this.#string()
        this.#skip(COLON)
        put(value, key, yield* this.read())
      }
      yield
    } while (this.#goesOn(BRACE_END))
    return value
  }

  *#string(): Generator<void, string> {
    const ends = new StringEnds(this.#text, this.#at + 1)
    let value = ''
    for (let from = this.#at + 1; ;) {
      const end = ends.next(from, from + this.#slice)
      value += JSON.parse(`"${this.#text.slice(from, end)}"`) as string
      yield
      from = end
      if (this.#text.charCodeAt(end) !== QUOTE) continue
      this.#at = end + 1
      return value
    }
  }

  /** Where the members end, from here on, that together fit a slice: before a comma, or at the end of what they are in. `#at` when the first does not fit. */
  #endOfMembers(): number {
    const text = this.#text
    const limit = Math.min(text.length, this.#at + this.#slice)
    let last = this.#at
    let depth = 0
    for (let at = last; at < limit; at++) {
      switch (STRUCTURE[text.charCodeAt(at)] ?? 0) {
        case QUOTES:
          for (let code = 0; ++at < limit && (code = text.charCodeAt(at)) !== QUOTE;)
            if (code === BACKSLASH) at++
          break
        case OPENS:
          depth++
          break
        case CLOSES:
          if (--depth < 0) return at
          break
        case SEPARATES:
          if (depth === 0) last = at
      }
    }
    return limit === text.length ? limit : last
  }

  #endOfScalar(): number {
    let at = this.#at
    while (at < this.#text.length && (STRUCTURE[this.#text.charCodeAt(at)] ?? 0) < CLOSES) at++
    return at
  }

  #take(end: number): string {
    const part = this.#text.slice(this.#at, end)
    this.#at = end
    return part
  }

  #isEmpty(end: number): boolean {
    const isEmpty = this.#text.charCodeAt(++this.#at) === end
    if (isEmpty) this.#at++
    return isEmpty
  }

  /** Goes past a comma, or the end. */
  #goesOn(end: number): boolean {
    const isEnd = this.#text.charCodeAt(this.#at) === end
    this.#skip(isEnd ? end : COMMA)
    return !isEnd
  }

  #skip(code: number): void {
    if (this.#text.charCodeAt(this.#at++) !== code) throw unexpected(this.#at - 1)
  }
}

/** Finds its way through the text of one string, from where its quote and its escapes are. */
class StringEnds {
  readonly #text: string
  #quote: number
  #escape: number

  constructor(text: string, from: number) {
    this.#text = text
    this.#quote = text.indexOf('"', from)
    this.#escape = this.#nextEscape(from)
  }

  /** @returns where the string ends, or a place from `limit` on, or a little later, that is in no escape */
  next(from: number, limit: number): number {
    let at = from
    while (this.#escape < limit && this.#escape < this.#quoteFrom(at)) {
      at = this.#escape + (this.#text.charCodeAt(this.#escape + 1) === SMALL_U ? 6 : 2)
      this.#escape = this.#nextEscape(at)
    }
    const quote = this.#quoteFrom(at)
    if (quote === -1) throw unexpected(this.#text.length)
    return Math.min(quote, Math.max(at, limit))
  }

  #quoteFrom(at: number): number {
    if (this.#quote !== -1 && this.#quote < at) this.#quote = this.#text.indexOf('"', at)
    return this.#quote
  }

  #nextEscape(from: number): number {
    const at = this.#text.indexOf('\\', from)
    return at === -1 ? this.#text.length : at
  }
}

function unexpected(at: number): SyntaxError {
  return new SyntaxError(`The JSON text is not as it was written at position ${at}`)
}
