/**
 * Reproducible randomness of one run (D6): `xoshiro128**` by Blackman and Vigna, 128 bits of state, seeded
 * with the 128 random bits that the run was created with.
 */
export class SeededRandom {
  #a: number
  #b: number
  #c: number
  #d: number

  /** @param seed 32 hexadecimal digits */
  constructor(seed: string) {
    const word = (index: number): number => Number.parseInt(seed.slice(index * 8, index * 8 + 8), 16) | 0
    this.#a = word(0)
    this.#b = word(1)
    this.#c = word(2)
    this.#d = word(3) || 1 // all zeroes is the one state that the generator never leaves
    for (let i = 0; i < 8; i++) this.next()
  }

  /** 32 random bits, as an unsigned integer. */
  next(): number {
    const result = Math.imul(rotl(Math.imul(this.#b, 5), 7), 9)
    const shifted = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= shifted
    this.#d = rotl(this.#d, 11)
    return result >>> 0
  }

  /** In [0, 1), with 53 random bits, like `Math.random`. */
  float(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53
  }

  /** A version 4 UUID. */
  uuid(): string {
    const words = [
      this.next(),
      (this.next() & 0xffff0fff) | 0x4000,
      (this.next() & 0x3fffffff) | 0x80000000,
      this.next(),
    ]
    const hex = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}

function rotl(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}

/** A number in [0, 1) that depends on nothing but the text: FNV-1a, then the finalizer of MurmurHash3. */
export function chanceOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** 32 hexadecimal digits that depend on nothing but the text. */
export function seedOf(text: string): string {
  const word = (index: number): string =>
    Math.floor(chanceOf(`${index} ${text}`) * 2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return [0, 1, 2, 3].map(word).join('')
}

export function seededRandom(text: string): SeededRandom {
  return new SeededRandom(seedOf(text))
}
