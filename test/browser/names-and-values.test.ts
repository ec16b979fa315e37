import { describe, expect, test } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

describe.skipIf(chromiumPath === undefined)(`names and values on the web page${NO_CHROMIUM}`, () => {
  useBrowser()

  test.each(['100%', 'a/b?c#d&e=f', 'ünï çødé 日本語', '%2e%2e', 'x'.repeat(512), '-', '"<b>'])(
    'a run with the id %s is opened from the list, and its parts are shown',
    async (id) => {
      const { engine, workflows, open, trouble } = await served()
      await (await engine.start(workflows.fanOut, 2, { id })).result()
      const page = await open()
      await page.getByRole('link', { name: id, exact: true }).click()
      await page.getByRole('treeitem', { name: /step item-1, done/ }).waitFor()
      await page.getByRole('link', { name: 'Journal' }).click()
      await page.locator('.entry-key', { hasText: 'item-1' }).waitFor()
      await page.reload()
      await page.locator('.entry-key', { hasText: 'item-1' }).waitFor()
      expect(await page.locator('.run-facts code').textContent()).toBe(id)
      expect(trouble).toEqual([])
    },
  )

  test('what would turn a name around, or hide in it, is shown as what it is', async () => {
    const { engine, workflows, open } = await served()
    await (await engine.start(workflows.echo, ['pay\u202Efdp.exe', 'a\u200Bb'], { id: 'x\u202Ey' })).result()
    const page = await open()
    await page.getByRole('link', { name: String.raw`x\u{202e}y` }).click()
    await page.getByRole('treeitem', { name: String.raw`step pay\u{202e}fdp.exe, done` }).waitFor()
    await page.getByRole('treeitem', { name: String.raw`step a\u{200b}b, done` }).waitFor()
    await page.getByRole('link', { name: 'Input and output' }).click()
    await page
      .getByText(String.raw`pay\u{202e}fdp.exe`)
      .first()
      .waitFor()
    expect(await page.locator('body').innerText()).not.toMatch(/[\u202e\u200b]/)
  })

  test('a long value can be read to its end', async () => {
    const { engine, workflows, open } = await served()
    const many = Array.from({ length: 450 }, (_, at) => `member ${at}`)
    const long = `${'long text '.repeat(3000)}the end`
    await (await engine.start(workflows.score, { many, long } as never, { id: 'big' })).result()
    const page = await open('#/runs/big/data')
    const input = page.locator('.data-part', { hasText: 'Input' })
    await input.getByRole('button', { name: /many/ }).click()
    await input.getByRole('button', { name: '200 of 450 are shown: more' }).click()
    await input.getByRole('button', { name: '400 of 450 are shown: more' }).click()
    await input.getByText('member 449').waitFor()
    await expect.poll(() => input.getByRole('button', { name: /are shown/ }).count()).toBe(0)
    await input.getByRole('button', { name: 'More of 30,007 characters' }).click()
    await input.getByText(/the end$/).waitFor()
  })

  test('a failed run says why, with all that caused it', async () => {
    const { engine, workflows, open } = await served()
    await (await engine.start(workflows.flaky, undefined, { id: 'mail' })).result().catch(() => undefined)
    const page = await open('#/runs/mail')
    await page.locator('.failure').getByText('The mail server refused the message').waitFor()
    await page.locator('.failure').getByRole('link', { name: 'Details' }).click()
    const error = page.locator('.value-error')
    await expect
      .poll(() => error.allInnerTexts())
      .toEqual([
        expect.stringContaining('StepError: Step "deliver" failed'),
        'Error: The mail server refused the message',
      ])
  })

  test('all groups are folded and unfolded, those in folded ones too', async () => {
    const { engine, workflows, open } = await served()
    await (await engine.start(workflows.nested, 80, { id: 'nested' })).result()
    const page = await open('#/runs/nested')
    const items = page.getByRole('treeitem')
    await page.getByRole('treeitem', { name: /parallel outer/ }).waitFor()
    expect(await items.count()).toBe(1)
    await page.getByRole('button', { name: 'Unfold all' }).click()
    await page
      .getByRole('treeitem', { name: /step s-0/ })
      .first()
      .waitFor()
    await page.getByRole('button', { name: 'Fold all', exact: true }).click()
    await expect.poll(() => items.count()).toBe(1)
    await items.first().click()
    await expect.poll(() => items.count()).toBe(3)
  })

  test('a journal that grows is shown to where one has read, also past its first page', async () => {
    const { engine, workflows, gates, open } = await served()
    const names = Array.from({ length: 105 }, (_, at) => `n-${at}`)
    const run = await engine.start(workflows.gated, [...names, 'last'], { id: 'grows' })
    for (const name of names) gates.open(name)
    const page = await open('#/runs/grows/journal')
    await page.getByRole('button', { name: 'Show 100 more' }).click()
    await expect.poll(() => page.locator('.entry-seq').count()).toBe(105)
    gates.open('last')
    await run.result()
    await expect.poll(() => page.locator('.entry-seq').count()).toBe(106)
  })
})
