/**
 * Any value that a run can hold, as JSON that says what it was: for display. Bounded; what is left out is said, and
 * `GET /api/runs/:id/value` gives it.
 */
export type ValueTree =
  /** `size`: how many characters there are, where these are not all. */
  | { readonly kind: 'text'; readonly text: string; readonly size?: number }
  | { readonly kind: 'plain'; readonly value: number | boolean | null }
  /** What JSON has no form for: `undefined`, `number` (NaN, an infinity, -0), `bigint`, `Date`, `RegExp`, `URL`; bytes in base64. */
  | { readonly kind: 'special'; readonly of: string; readonly text: string; readonly size?: number }
  /** An array, a set, or typed numbers. `size`: how many members there are, where these are not all. */
  | {
      readonly kind: 'list'
      readonly of: string
      readonly items: readonly ValueTree[]
      readonly size?: number
    }
  /** An object; `of` is its class, where it has one. */
  | {
      readonly kind: 'record'
      readonly of?: string
      readonly entries: readonly (readonly [string, ValueTree])[]
      readonly size?: number
    }
  | {
      readonly kind: 'map'
      readonly entries: readonly (readonly [ValueTree, ValueTree])[]
      readonly size?: number
    }
  /** `entries`: its `cause` and `errors`, and what else it has. */
  | {
      readonly kind: 'error'
      readonly name: string
      readonly message: string
      readonly stack?: string
      readonly entries: readonly (readonly [string, ValueTree])[]
      readonly size?: number
    }
  /** One of the values around it again. */
  | { readonly kind: 'circle' }
  /** Something that is too deep, or comes after too much else, to be shown at once. */
  | { readonly kind: 'cut' }
  /** It cannot be read in this process: its class is not registered, say. */
  | { readonly kind: 'unreadable'; readonly why: string }
