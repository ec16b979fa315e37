import { timelineOf } from 'ai-workflows'
import { describe, expect, it } from 'vitest'
import { drawTimeline } from '../../src/cli/timeline/draw.ts'
import { shortForm } from '../../src/cli/timeline/summary.ts'
import { widthOf } from '../../src/cli/text/width.ts'
import { example, Story, T0 } from './support/story.ts'

const NOW = T0 + 5_000

function drawn(story: Story, width = 60, all = false): string[] {
  return drawTimeline(timelineOf(story.history, NOW), { width, styled: (_style, text) => text }, all)
}

const FIGURE = [
  '            0          150 ms      300 ms          600 ms',
  '* plan      ████████                                      100 ms',
  '* parallel fetches: 3 branches, 2 at once, 75% full',
  '    fetch-0        ▒▒▒▒▒▒▒▒▒▒▒▒                           150 ms',
  '*   fetch-1        ████████                               100 ms',
  '*   fetch-2        ········███████████████                200 ms',
  '* report                                  ████~~~████████ 200 ms',
]

describe('show --timeline', () => {
  it('has a lane for each operation, as wide as the terminal, with the critical path told apart without colours', () => {
    expect(drawn(example(), 64)).toEqual([
      '600 ms for 700 ms of work (speed-up 1.2×); without limits 500 ms',
      '',
      ...FIGURE,
      '',
      '* on the critical path   █ decided the total   ▒ running',
      '~ backing off   · queued',
      '',
      'Critical path: plan 100 ms → fetch-* ×2 300 ms → report 200 ms',
      '',
      '→ `concurrency: 2` of `fetches` cost 100 ms of 600 ms; 3 would',
      '  have been enough, if what it calls can take as many at once.',
    ])
  })

  it.for([20, 24, 40, 60, 80, 120, 250])('no line is wider than a terminal of %d columns', (width) => {
    const story = example().done('步骤-🚀-with-a-very-long-name-that-goes-on-and-on', 10, 20)
    const lines = drawn(story, width)
    const legend = lines.findIndex((line) => line.startsWith('* on the critical path'))
    for (const line of lines.slice(0, legend)) expect(widthOf(line)).toBeLessThanOrEqual(width)
    // A word, or an entry of the legend, is not broken.
    for (const line of lines.slice(legend)) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(width, 48))
  })

  it('ten thousand branches are one lane that shows how many were under way', () => {
    const story = new Story()
    for (let n = 0; n < 10_000; n++)
      story.done(`work-${n}`, Math.floor(n / 100) * 10, Math.floor(n / 100) * 10 + 10)
    const lines = drawn(story.failed('work-10000', 5, 495).ended(1000))
    expect(lines.filter((line) => line.includes('work-'))).toEqual([
      expect.stringMatching(/^\* work-\* ×10,000 +█+ +10 ms$/),
      expect.stringMatching(/^ {2}work-10000 .*490 ms failed$/),
      expect.stringMatching(/^Critical path: work-\* ×100 1.0 s$/),
      expect.stringMatching(/^→ 100% of the time is `work-\*`/),
    ])
    expect(drawn(story, 80, true).filter((line) => line.includes('work-')).length).toBeGreaterThan(10_000)
  })

  it('many lanes that are not alike are cut in the middle', () => {
    const story = new Story()
    const names = Array.from(
      { length: 100 },
      (_, n) => `${String.fromCharCode(97 + (n % 26))}${'x'.repeat(n % 7)}-${'y'.repeat(Math.floor(n / 26))}`,
    )
    for (const [n, name] of names.entries()) story.done(name, n * 10, n * 10 + 10)
    const lines = drawn(story.ended(1000))
    expect(lines.find((line) => line.startsWith('…'))).toMatch(/more lanes? \(--all shows them\)$/)
  })

  it('a name cannot obey the terminal', () => {
    const text = drawn(new Story().done('a\u001b[31m\u0007', 0, 200).ended(200)).join('\n')
    // oxlint-disable-next-line no-control-regex -- control characters are exactly what it must not find
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })

  it('a group in a function branch says in which; a name of blanks alone is seen', () => {
    const lines = drawn(
      new Story()
        .group('both', 0, 200, { size: 2 })
        .group('both/left/parallel', 0, 100, { size: 1 })
        .done('both/left/parallel/0/a', 0, 100)
        .group('both/right/fetch', 0, 200, { size: 1 })
        .done('both/right/fetch/0/ ', 0, 200)
        .done(' ', 200, 900)
        .ended(900),
    )
    expect(lines.filter((line) => line.includes('branch'))).toEqual([
      '* parallel both: 2 branches',
      '    left/parallel: 1 branch',
      '*   parallel right/fetch: 1 branch',
    ])
    expect(lines.some((line) => line.startsWith('* " " '))).toBe(true)
    expect(lines).toContain('Critical path: both/right/fetch/0/  200 ms → " " 700 ms')
  })

  it('what decided the total is told also where it was between the operations', () => {
    const story = new Story().done('a', 0, 100).done('b', 900, 1000).ended(1000)
    expect(drawn(story, 200)).toContain(
      'Critical path: a 100 ms → b 100 ms; 800 ms in its own code and in recording',
    )
    const retried = new Story({ base: 1, earlier: [0] }).done('a', 0, 100).done('b', 9000, 9100).ended(9100)
    expect(drawn(retried, 200)).toContain(
      'Critical path: a 100 ms → b 100 ms; 8.9 s in which nobody executed it',
    )
  })

  it('a run of which nothing is recorded says so; one of no length is drawn', () => {
    expect(drawn(new Story()).join('\n')).toContain('Nothing of what it did is recorded.')
    expect(drawn(new Story().done('a', 0, 0).ended(0)).join('\n')).toContain('  a')
  })

  it('what is under way is open at its right', () => {
    const lines = drawn(new Story().note('a', 'started', 100).failed('b', 200, 250, { retryAt: 60_000 }))
    expect(lines.find((line) => line.startsWith('* a'))).toMatch(/█ …$/)
    expect(lines.find((line) => line.startsWith('  b'))).toMatch(/~ … retry$/)
  })
})

describe('the end of run', () => {
  it('says what the whole took, what decided that, and the best advice', () => {
    expect(shortForm(timelineOf(example().history, NOW))).toEqual([
      '600 ms for 700 ms of work (speed-up 1.2×); without limits 500 ms',
      'Critical path: plan 100 ms → fetch-* ×2 300 ms → report 200 ms',
      '→ `concurrency: 2` of `fetches` cost 100 ms of 600 ms; 3 would have been enough, if what it calls can take as many at once.',
    ])
  })

  it('says nothing of one step, or of a moment', () => {
    expect(shortForm(timelineOf(new Story().done('a', 0, 5000).ended(5000).history, NOW))).toEqual([])
    expect(
      shortForm(timelineOf(new Story().done('a', 0, 10).done('b', 10, 20).ended(20).history, NOW)),
    ).toEqual([])
  })
})
