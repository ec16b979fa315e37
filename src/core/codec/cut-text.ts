/** A text in parts of at most `size` characters, from 2, none of which ends in the middle of a pair of surrogates. */
export function* cutText(text: string, size: number): Generator<string> {
  for (let at = 0; at < text.length;) {
    let end = at + size
    if (end < text.length && isFirstOfPair(text.charCodeAt(end - 1))) end--
    yield text.slice(at, end)
    at = end
  }
}

function isFirstOfPair(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00
}
