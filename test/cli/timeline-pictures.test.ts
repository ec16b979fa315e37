import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { timelineOf } from 'ai-workflows'
import { describe, expect, test } from 'vitest'
import { mermaidGantt } from '../../src/cli/timeline/mermaid.ts'
import { timelineSvg } from '../../src/cli/timeline/svg/document.ts'
import { example, Story, T0 } from './support/story.ts'
import { complaint, fixture, place } from './support/cli.ts'

const NOW = T0 + 5000

const svg = (story: Story, all = false): string => timelineSvg(timelineOf(story.history, NOW), all)
const gantt = (story: Story, all = false): string[] =>
  mermaidGantt(timelineOf(story.history, NOW), all).split('\n')

const many = (count: number): Story => {
  const story = new Story()
  for (let n = 0; n < count; n++)
    story.done(`work-${n}`, Math.floor(n / 100) * 10, Math.floor(n / 100) * 10 + 10)
  return story.ended(count / 10)
}

/** Characters that XML 1.0 has no place for. */
// oxlint-disable-next-line no-control-regex -- control characters are among them
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u
/** A mark that is not one of ours. */
const FOREIGN = /<(?!\/?(?:svg|title|style|defs|clipPath|rect|text|g|path|line|circle)[ >/])/
const HOSTILE = '<img src=x onerror=alert(1)>'

describe('the picture as SVG', () => {
  test('has a bar for each phase, the failed attempt among them, and the critical path as one line', () => {
    const picture = svg(example())
    const [, left = '', right = ''] = /class="grid" x1="(\d+)".*x2="(\d+)"/.exec(picture) ?? []
    expect([left, right]).toEqual(['272', '272'])
    const bars = picture.matchAll(
      /<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" rx="[\d.]+" class="(\w+)/g,
    )
    // The lanes are 696 wide, for 600 ms.
    expect([...bars].slice(0, 7).map(([, x, width, tone]) => [tone, Number(x) - 272, Number(width)])).toEqual(
      [
        ['done', 0, 116],
        ['done', 116, 174],
        ['done', 116, 116],
        ['queued', 116, 116],
        ['done', 232, 232],
        ['failed', 464, 58],
        ['backing', 522, 58],
      ],
    )
    expect(picture.match(/class="path"/g)).toHaveLength(1)
    for (const text of [
      '>fetches<',
      '>3, limit 2, 75% full<',
      '>200 ms, 2 attempts<',
      '>critical path<',
      'Critical path: plan',
    ])
      expect(picture).toContain(text)
  })

  test('needs nothing else: light and dark by the reader, no script, no font, nothing that is fetched', () => {
    const picture = svg(example())
    expect(picture).toContain('@media(prefers-color-scheme:dark)')
    expect(picture.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|href|<script|@import|@font-face|url\((?!#)/,
    )
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*viewBox="0 0 1200 \d+"/)
  })

  test('names are text, whatever is in them', () => {
    const picture = svg(
      new Story({ workflow: HOSTILE, id: `"${HOSTILE}"` })
        .done(HOSTILE, 0, 200)
        .done('b', 200, 400)
        .ended(400),
    )
    expect(picture).not.toMatch(FOREIGN)
    expect(picture).toContain('&lt;img src=x onerror=alert(1)&gt;')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const drawn = svg(new Story({ workflow: name, id: `r${name}` }).done(`x${name}`, 0, 200).ended(400))
        expect(drawn).not.toMatch(FOREIGN)
        expect(drawn).not.toMatch(NOT_XML)
        expect(drawn).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39);)/)
      }),
    )
  })

  test('ten thousand branches are one lane, unless all are asked for; many lanes are cut', () => {
    const picture = svg(many(10_000))
    expect(picture).toContain('>work-* ×10,000<')
    expect(picture.length).toBeLessThan(60_000)
    expect(svg(many(300), true)).toContain('>work-299<')
    const story = new Story()
    for (let n = 0; n < 300; n++) story.done(String.fromCodePoint(0x4e00 + n), n, n + 1)
    expect(svg(story.ended(300))).toContain('>… and 100 more lanes (--all draws them)<')
  })

  test('thousands that wait for a place are one thin line', () => {
    const members = Array.from({ length: 1000 }, (_, n) => `work-${n}`)
    const story = new Story().group('all', 0, undefined, { limit: 1, members }).note('work-0', 'started', 0)
    const lane = svg(story)
      .split('\n')
      .find((line) => line.includes('>work-* ×999<'))
    expect(lane).toMatch(/<rect x="272" y="[\d.]+" width="696" height="3" rx="0.6" class="queued"\/>/)
  })

  test('a run without length, without operations, or under way is drawn with finite numbers', () => {
    for (const story of [
      new Story(),
      new Story().ended(0),
      new Story().done('a', 0, 0).ended(0),
      new Story().note('a', 'started', 100),
      new Story().group('g', 10, undefined, { limit: 1, members: ['a', 'b'] }),
    ])
      expect(svg(story)).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('the gantt chart of Mermaid', () => {
  test('has a section for each group, and marks what decided the total', () => {
    expect(gantt(example())).toEqual([
      'gantt',
      '    title w r',
      '    dateFormat x',
      '    axisFormat %S.%L',
      '    todayMarker off',
      '    section w',
      `    plan :crit, ${T0}, 100ms`,
      '    section fetches (limit 2)',
      `    fetch-0 :${T0 + 100}, 150ms`,
      `    fetch-1 :crit, ${T0 + 100}, 100ms`,
      `    fetch-2 :crit, ${T0 + 200}, 200ms`,
      '    section w',
      `    report :crit, ${T0 + 400}, 200ms`,
    ])
  })

  test('what is under way is active, what failed says so, and what took no time can be seen', () => {
    const lines = gantt(new Story().failed('a', 0, 0).note('b', 'started', 100))
    expect(lines.slice(6)).toEqual([
      `    a (failed) :${T0}, 1ms`,
      `    b (running) :crit, active, ${T0 + 100}, 4900ms`,
    ])
  })

  test('a name is text, whatever is in it', () => {
    const lines = gantt(
      new Story({ workflow: 'title', id: 'r\nclick' })
        .done('section x', 0, 1)
        .done('a:b;c#d%%', 1, 2)
        .done(HOSTILE, 2, 3)
        .ended(3),
    )
    expect(lines).toEqual([
      'gantt',
      String.raw`    title #116;itle r#92;nclick`,
      '    dateFormat x',
      '    axisFormat %S.%L',
      '    todayMarker off',
      '    section #116;itle',
      `    #115;ection x :crit, ${T0}, 1ms`,
      `    a#58;b#59;c#35;d#37;#37; :crit, ${T0 + 1}, 1ms`,
      `    #60;img src#61;x onerror#61;alert(1)#62; :crit, ${T0 + 2}, 1ms`,
    ])
  })

  test('ten thousand branches are one bar', () => {
    expect(gantt(many(10_000)).at(-1)).toBe(`    work-* ×10,000 :crit, ${T0}, 1000ms`)
    expect(gantt(many(10_000), true).length).toBeGreaterThan(10_000)
  })
})

describe('show', () => {
  test('--svg writes the picture, beside what else is asked for; --mermaid prints the chart', async () => {
    const { cli, path, write } = place()
    write('open', '')
    await cli('run', fixture('steps.ts'), '--id', 'r', '--input', '{"label":"x"}')
    const written = await cli('show', 'r', '--svg', 'out.svg')
    expect([written.code, written.stdout, written.stderr]).toEqual([0, '', 'Written to out.svg\n'])
    expect(readFileSync(path('out.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s)
    const both = await cli('show', 'r', '--svg', 'out.svg', '--json', '-q')
    expect([both.code, both.stderr]).toEqual([0, ''])
    expect(JSON.parse(both.stdout)).toMatchObject({
      run: { id: 'r', status: 'completed' },
      criticalPath: expect.any(Array),
    })
    expect((await cli('show', 'r', '--svg', 'out.svg', '--timeline')).stdout).toContain('Critical path: ')
    const chart = await cli('show', 'r', '--mermaid')
    expect([chart.code, chart.stdout.split('\n').slice(0, 2)]).toEqual([0, ['gantt', '    title halves r']])
  })

  test('a file that cannot be written, and what contradicts itself, are refused in a line', async () => {
    const { cli, path, write } = place()
    write('open', '')
    await cli('run', fixture('steps.ts'), '--id', 'r', '--input', '{"label":"x"}')
    mkdirSync(path('folder'))
    for (const [args, message] of [
      [['--svg', 'folder'], /^error: --svg file folder cannot be written: EISDIR/],
      [['--svg', 'nowhere/out.svg'], /^error: --svg file nowhere\/out.svg cannot be written: ENOENT/],
      [['--svg', ''], /^error: --svg needs the name of a file$/],
      [['--mermaid', '--json'], /^error: --mermaid is text: leave out --json, or --mermaid$/],
      [
        ['--mermaid', '--timeline'],
        /^error: --timeline and --mermaid both go to standard output: choose one$/,
      ],
    ] as const) {
      const ended = await cli('show', 'r', ...args)
      expect([ended.code, complaint(ended)]).toEqual([2, expect.stringMatching(message)])
    }
    const missing = await cli('show', 'nobody', '--svg', 'out.svg')
    expect([missing.code, existsSync(path('out.svg'))]).toEqual([3, false])
  })
})
