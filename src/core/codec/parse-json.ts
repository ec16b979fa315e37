import { put } from './shell.ts'

/**
 * `JSON.parse`, but right. V8 13.6 (Node.js 24) may read a key with an escape in it, such as `"x\n"`, as another one (`x\`, here) that
 * an object made before had after the same other keys: it compares that one with the text as it stands. So such keys are
 * replaced by others without an escape, and put back afterwards.
 */
export function parseJson(text: string): unknown {
  if (!text.includes('\\') || !KEY_WITH_ESCAPE.test(text)) return JSON.parse(text)
  let prefix = '~'
  while (text.includes(`"${prefix}`)) prefix += '~'
  const keys: string[] = []
  return unmask(JSON.parse(mask(text, prefix, keys)), prefix, keys)
}

/** In JSON only a key is followed by a colon. May find one that is none, behind two backslashes: that does no harm. */
const KEY_WITH_ESCAPE = /\\[^][^"\\]*"\s*:/

const COLON = /\s*:/y

/** @param keys gets those that were replaced; their places in it are behind the prefix in the text */
function mask(text: string, prefix: string, keys: string[]): string {
  let masked = ''
  let done = 0
  for (let start = text.indexOf('"'); start !== -1;) {
    const end = endOfString(text, start + 1)
    if (end === -1) break
    COLON.lastIndex = end + 1
    const string = COLON.test(text) ? text.slice(start, end + 1) : ''
    if (string.includes('\\')) {
      masked += `${text.slice(done, start)}"${prefix}${keys.length}"`
      keys.push(JSON.parse(string) as string)
      done = end + 1
    }
    start = text.indexOf('"', end + 1)
  }
  return masked + text.slice(done)
}

/** The next quote behind an even number of backslashes; -1 where there is none. */
function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let at = quote
    while (at > from && text[at - 1] === '\\') at--
    if ((quote - at) % 2 === 0) return quote
  }
  return -1
}

/** In place; never recursive. */
function unmask(root: unknown, prefix: string, keys: readonly string[]): unknown {
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const member of Object.values(value)) open.push(member)
    if (!Array.isArray(value)) rename(value as Record<string, unknown>, prefix, keys)
  }
  return root
}

/** Every key is taken out and put in again, so that they stay in their order. */
function rename(object: Record<string, unknown>, prefix: string, keys: readonly string[]): void {
  const members = Object.entries(object)
  if (!members.some(([key]) => key.startsWith(prefix))) return
  for (const [key] of members) delete object[key]
  for (const [key, value] of members)
    put(object, key.startsWith(prefix) ? (keys[Number(key.slice(prefix.length))] ?? key) : key, value)
}
