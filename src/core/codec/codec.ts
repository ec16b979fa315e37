import { messageOf, SerializationError } from '../errors.ts'
import { LARGE } from '../payload-size.ts'
import type { Encoded } from '../ports/effects.ts'
import { readGraph } from './graph-reader.ts'
import { writeGraph } from './graph-writer.ts'
import type { ClassType } from './kinds.ts'
import { inTurns } from './in-turns.ts'
import { parseJson } from './parse-json.ts'
import { looksPlain } from './plain-json.ts'
import { damaged, readError } from './read-error.ts'
import { createRegistry, type Registry } from './registry.ts'
import { parseInSlices } from './slice-reader.ts'
import { plainTextInSlices } from './slice-writer.ts'

export type { ClassType } from './kinds.ts'

/**
 * Values and errors to text and back (D7, E2). `decode(encode(x))` equals `x`, and what cannot survive is refused.
 *
 * The first character names the format: `j` JSON as it is, for values that are nothing else; `g` the tagged form of
 * `graph-writer.ts`, for all others. Every format that ever shipped stays readable: `golden/` holds texts of each.
 */
export interface Codec {
  /**
   * `root` names the value in the path of a refusal: `result`, `input`, `output`, `payload`.
   * @throws SerializationError naming the part that cannot be stored (E3).
   */
  encode(value: unknown, root: string): Encoded
  /**
   * The same. Of a large value that is plain JSON, in several turns of the event loop: nobody may change it meanwhile.
   * @returns a promise for that alone
   */
  encodeInTurns(value: unknown, root: string): Encoded | Promise<Encoded>
  /** @throws SerializationError when the text is damaged, or needs a class or a version that is not here. */
  decode(encoded: Encoded): unknown
  /**
   * Decodes a large text of plain JSON in several turns of the event loop, and keeps the value for the next `decode`, which
   * returns it if it is asked for the same text. Never rejects.
   */
  decodeAhead(encoded: Encoded): Promise<void>
  /** Whatever was thrown. Never throws: what cannot be stored is replaced by a short text. */
  encodeError(thrown: unknown): Encoded
  decodeError(encoded: Encoded): unknown
}

const JSON_TAG = 'j'
const GRAPH_TAG = 'g'
const JSON_CODE = JSON_TAG.charCodeAt(0)
const GRAPH_CODE = GRAPH_TAG.charCodeAt(0)
const UNDEFINED: Encoded = `${GRAPH_TAG}[[]]`

const TOO_LARGE = Symbol('too large to be written at once')

interface Ahead {
  readonly encoded: Encoded
  readonly value: unknown
}

/** Characters. Three bytes each at most, so what has as many fits into a row of the SQLite store (1 GB). */
const LONGEST = 2 ** 28

/**
 * Instances of `classes`, and of no others, come back as instances: with their own enumerable properties, without
 * their constructor having run (so without `#private` fields). Classes are told apart by name.
 * @throws TypeError for an anonymous class, two of one name, or a builtin name.
 */
export function createCodec(classes: readonly ClassType[] = [], longest: number = LONGEST): Codec {
  const registry = createRegistry(classes)
  let ahead: Ahead | undefined
  const decode = (encoded: Encoded): unknown => {
    const kept = ahead
    ahead = undefined
    return kept?.encoded === encoded ? kept.value : decodeText(encoded, registry)
  }
  const short = (encoded: Encoded, root: string): Encoded => {
    if (encoded.length > longest) throw new SerializationError(root, tooLong(encoded, longest))
    return encoded
  }
  const encode = (value: unknown, root: string): Encoded =>
    short(value === undefined ? UNDEFINED : encodeValue(value, root, registry), root)
  return {
    encode,
    encodeInTurns: (value, root) => {
      if (value === undefined) return UNDEFINED
      const plain = plainText(value, LARGE)
      if (plain === TOO_LARGE)
        return inTurns(largePlainText(value)).then((text) =>
          short(text ?? encodeGraph(value, root, registry), root),
        )
      return short(plain ?? encodeGraph(value, root, registry), root)
    },
    decode,
    async decodeAhead(encoded) {
      if (encoded.length <= LARGE || encoded.charCodeAt(0) !== JSON_CODE) return
      try {
        ahead = { encoded, value: await inTurns(parseInSlices(encoded, 1)) }
      } catch {
        // Whoever decodes it is told what is wrong with it.
      }
    },
    encodeError: (thrown) => {
      const encoded = encodeThrown(thrown, registry)
      return encoded.length > longest ? lastResort(thrown, new Error(tooLong(encoded, longest))) : encoded
    },
    decodeError: decode,
  }
}

function tooLong({ length }: Encoded, longest: number): string {
  return `has ${length.toLocaleString('en')} characters when stored, and at most ${longest.toLocaleString('en')} are possible: store it elsewhere, and return where it is`
}

function encodeValue(value: unknown, root: string, registry: Registry): Encoded {
  return plainText(value) ?? encodeGraph(value, root, registry)
}

function encodeGraph(value: unknown, root: string, registry: Registry): Encoded {
  try {
    return GRAPH_TAG + writeGraph(value, root, registry, false)
  } catch (thrown) {
    if (thrown instanceof SerializationError) throw thrown
    throw new SerializationError(root, messageOf(thrown))
  }
}

/** Whatever goes wrong here, the tagged form meets again and reports with the path. */
function plainText(value: unknown): Encoded | undefined
function plainText(value: unknown, longest: number): Encoded | undefined | typeof TOO_LARGE
function plainText(
  value: unknown,
  longest = Number.POSITIVE_INFINITY,
): Encoded | undefined | typeof TOO_LARGE {
  try {
    const isPlain = looksPlain(value, longest)
    if (isPlain === undefined) return TOO_LARGE
    return isPlain ? JSON_TAG + JSON.stringify(value) : undefined
  } catch {
    return undefined
  }
}

/** The same in slices. */
function* largePlainText(value: unknown): Generator<void, Encoded | undefined> {
  try {
    const text = yield* plainTextInSlices(value)
    return text === undefined ? undefined : JSON_TAG + text
  } catch {
    return undefined
  }
}

function encodeThrown(thrown: unknown, registry: Registry): Encoded {
  try {
    return plainText(thrown) ?? GRAPH_TAG + writeGraph(thrown, 'error', registry, true)
  } catch (failure) {
    return lastResort(thrown, failure)
  }
}

/** For an error too large for one string. */
function lastResort(thrown: unknown, failure: unknown): Encoded {
  const message = `${messageOf(thrown).slice(0, 1000)} (the rest could not be stored: ${messageOf(failure)})`
  return `${GRAPH_TAG}[[1],["Error","Error",{"message":${JSON.stringify(message)}},{}]]`
}

function decodeText(encoded: Encoded, registry: Registry): unknown {
  const tag = encoded.charCodeAt(0)
  try {
    if (tag === JSON_CODE) return parseJson(encoded.slice(1))
    if (tag === GRAPH_CODE) return encoded === UNDEFINED ? undefined : readGraph(encoded.slice(1), registry)
  } catch (thrown) {
    throw thrown instanceof SerializationError ? thrown : damaged(messageOf(thrown))
  }
  if (encoded === '') throw damaged('it is empty')
  throw readError(
    `its format ${JSON.stringify(encoded.slice(0, 1))} is unknown here; it was written by a newer version, so upgrade`,
  )
}
