/** How many columns of a terminal a text takes, near enough: wide East Asian characters and emoji take two, marks none. */
const WIDE =
  /^(?:\p{Emoji_Presentation}|.\ufe0f|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}])/u
const NARROW = /^[\u0020-\u02ff]*$/

const segmenter = new Intl.Segmenter()

export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += widthOfCharacter(segment)
  return width
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Cut at its end to at most so many columns. */
export function fitted(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of segmenter.segment(text)) {
    used += widthOfCharacter(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

function widthOfCharacter(character: string): number {
  return WIDE.test(character) ? 2 : 1
}
