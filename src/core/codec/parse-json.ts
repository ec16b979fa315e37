import { put } from './shell.ts'

/**
 * `JSON.parse`, but right. V8 13.6 (Node.js 24) takes a key that ends in an escape, such as `"x\n"`, for the key `x\` when an
 * object made before had that one after the same other keys: it looks at an escape's first character only. With more behind
 * the escape it does not, so such keys get an ending, and lose it afterwards.
 */
export function parseJson(text: string): unknown {
  if (text.length < SHORTEST.length || !text.includes('\\') || !HAS_SUCH_A_KEY.test(text))
    return JSON.parse(text)
  const plain = text.replaceAll(/\\u007e/gi, '~')
  let ending = '~'
  for (let n = 0; plain.includes(ending); n++) ending = `~${n}`
  const marked = plain.replaceAll(ESCAPE, (whole, escape: string, end: string | undefined) =>
    end === undefined ? whole : escape + ending + end,
  )
  return withoutEnding(JSON.parse(marked), ending)
}

const SHORTEST = String.raw`{"\n":1}`

/** In JSON only a key is followed by a colon. May find one that is none, behind two backslashes: that does no harm. */
const HAS_SUCH_A_KEY = /\\(?:u[\da-f]{4}|[^u])"\s*:/i

/** One after another, so that a backslash which is escaped itself begins none. */
const ESCAPE = /(\\(?:u[\da-f]{4}|[^u]))("\s*:)?/gi

/** In place; never recursive. */
function withoutEnding(root: unknown, ending: string): unknown {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const member of Object.values(value)) open.push(member)
    if (!Array.isArray(value)) rename(value as Record<string, unknown>, ending)
  }
  return root
}

/** Every key is taken out and put in again, so that they stay in their order. */
function rename(object: Record<string, unknown>, ending: string): void {
  const members = Object.entries(object)
  if (!members.some(([key]) => key.endsWith(ending))) return
  for (const [key] of members) delete object[key]
  for (const [key, value] of members)
    put(object, key.endsWith(ending) ? key.slice(0, -ending.length) : key, value)
}
