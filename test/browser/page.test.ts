import { join } from 'node:path'
import type { RunHandle } from 'ai-workflows'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './support/axe.ts'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'
import { HOSTILE } from './support/workflows.ts'

describe.skipIf(chromiumPath === undefined)(`the web page${NO_CHROMIUM}`, () => {
  useBrowser()

  test('lists runs with status, workflow and parent, and filters and searches them', async () => {
    const { engine, workflows, open, trouble } = await served()
    await ended(engine.start(workflows.score, 'a text', { id: 'one' }))
    await ended(engine.start(workflows.flaky, undefined, { id: 'two' })).catch(() => undefined)
    const page = await open()
    const rows = page.locator('.runs tbody tr')
    await expect.poll(() => rows.count()).toBe(2)
    expect(await rows.nth(0).innerText()).toMatch(/failed\s+flaky\s+two/)
    expect(await rows.nth(1).innerText()).toMatch(/completed\s+score-document\s+one/)
    await page.getByRole('group', { name: 'Status' }).getByRole('button', { name: 'failed' }).click()
    await expect.poll(() => rows.count()).toBe(1)
    await page.getByRole('group', { name: 'Status' }).getByRole('button', { name: 'failed' }).click()
    await page.getByLabel('Search by id').fill('ON')
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('one')])
    expect(trouble).toEqual([])
  })

  test('shows more runs than a page has on further pages', async () => {
    const { engine, workflows, open } = await served()
    for (let index = 0; index < 60; index++)
      await ended(engine.start(workflows.fanOut, 1, { id: `run-${index}` }))
    const page = await open()
    const rows = page.locator('.runs tbody tr')
    await expect.poll(() => rows.count()).toBe(50)
    await page.getByRole('link', { name: 'Older' }).click()
    await expect.poll(() => rows.count()).toBe(10)
    await page.getByRole('link', { name: 'Newest' }).click()
    await expect.poll(() => rows.count()).toBe(50)
  })

  test('an empty database says what to do, and a run appears by itself', async () => {
    const { engine, workflows, open } = await served()
    const page = await open()
    await page.getByText('No runs yet').waitFor()
    await ended(engine.start(workflows.score, 'a text', { id: 'first' }))
    await expect.poll(() => page.getByRole('link', { name: 'first' }).count()).toBe(1)
  })

  test('a fan-out under way is shown live, branch by branch', async () => {
    const { engine, workflows, gates, open, trouble } = await served()
    const run = await engine.start(workflows.gated, ['alpha', 'beta'], { id: 'live' })
    const page = await open('#/runs/live')
    await page.getByRole('treeitem', { name: /step alpha, running/ }).waitFor()
    gates.open('alpha')
    await page.getByRole('treeitem', { name: /step alpha, done/ }).waitFor()
    await page.getByRole('treeitem', { name: /step beta, running/ }).waitFor()
    gates.open('beta')
    await run.result()
    await page.getByRole('treeitem', { name: /step beta, done/ }).waitFor()
    await page.locator('h1').getByText('completed').waitFor()
    expect(trouble).toEqual([])
  })

  test('the critical path, the totals and the advice are shown', async () => {
    const { engine, workflows, open, trouble } = await served()
    await ended(engine.start(workflows.research, { topic: 'durability' }, { id: 'report' }))
    const page = await open('#/runs/report')
    await page.getByRole('treeitem', { name: /step plan, done.*critical path/ }).waitFor()
    await page.getByRole('treeitem', { name: /step read-5, 3 attempts, done/ }).waitFor()
    expect(await page.locator('.critical-line').getAttribute('d')).toMatch(/^M/)
    expect(await page.locator('.figures').innerText()).toMatch(/Speed-up/)
    await page.getByRole('treeitem', { name: /step read-5/ }).click()
    await page.getByRole('complementary').getByText('Page 5 about durability').waitFor()
    await page.getByRole('link', { name: 'Input and output' }).click()
    await page.getByText('A good summary').waitFor()
    await page.getByRole('link', { name: 'Journal' }).click()
    await page
      .getByRole('button', { name: /step failed.*read-5/ })
      .first()
      .click()
    await page.getByText('503 Service Unavailable').first().waitFor()
    await page.getByRole('link', { name: 'Parent and children' }).click()
    await page.locator('.child').getByText('completed').waitFor()
    expect(trouble).toEqual([])
  })

  test('cancel asks first, then cancels the run', async () => {
    const { engine, workflows, open } = await served()
    const run = await engine.start(workflows.gated, ['alpha'], { id: 'long' })
    const result = run.result().catch((error: unknown) => error)
    const page = await open('#/runs/long')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Cancel the run' }).click()
    await page.locator('h1').getByText('cancelled').waitFor()
    expect(await result).toMatchObject({ name: 'CancelledError' })
    await page.getByRole('treeitem', { name: /step alpha, cancelled/ }).waitFor()
  })

  test('a failed run is retried, and a completed one from a step', async () => {
    const { engine, workflows, open } = await served()
    await ended(engine.start(workflows.flaky, undefined, { id: 'mail' })).catch(() => undefined)
    const page = await open('#/runs/mail')
    await page.getByRole('treeitem', { name: /step deliver, failed/ }).waitFor()
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Retry', exact: true }).click()
    await page.locator('h1').getByText('completed').waitFor()
    const before = (await engine.inspect('mail')).record.epoch
    await page.getByRole('treeitem', { name: /step prepare/ }).click()
    await page.getByRole('button', { name: 'Retry from here' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Retry from here' }).click()
    await expect.poll(async () => (await engine.inspect('mail')).record.epoch).toBeGreaterThan(before)
    await page.locator('h1').getByText('completed').waitFor()
  })

  test('an event that the run waits for is sent', async () => {
    const { engine, workflows, open } = await served()
    const run = await engine.start(workflows.approval, undefined, { id: 'ask' })
    const page = await open('#/runs/ask')
    await page.getByRole('treeitem', { name: /approve, waiting/ }).waitFor()
    await page.getByRole('button', { name: 'Send an event' }).click()
    expect(await page.getByLabel('Name').inputValue()).toBe('approve')
    await page.getByLabel(/Payload/).fill('{ "approved": true }')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    expect(await run.result()).toEqual({ published: true })
    await page.locator('h1').getByText('completed').waitFor()
  })

  test('a run is started with a form made from its schema, and one without a schema with JSON', async () => {
    const { engine, open } = await served()
    const page = await open()
    await page.getByRole('button', { name: 'Start a run' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Workflow').selectOption('research-report')
    await dialog.getByLabel('topic').fill('tea')
    await dialog.getByLabel(/sources/).fill('3')
    await dialog.getByLabel(/Run id/).fill('by-form')
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.getByText('by-form').waitFor()
    expect((await engine.inspect('by-form')).record.input).toContain('"sources":3')
    await page.getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('button', { name: 'Start a run' }).click()
    await dialog.getByLabel('Workflow').selectOption('fan-out')
    await dialog.getByLabel(/Input/).fill('2')
    await dialog.getByLabel(/Run id/).fill('by-json')
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.locator('h1').getByText('completed').waitFor()
    expect((await engine.inspect('by-json')).record.input).toContain('2')
  })

  test('what a workflow names and returns is text, never HTML', async () => {
    const { engine, workflows, open, trouble } = await served()
    await ended(engine.start(workflows.hostile, undefined, { id: 'hostile' }))
    const page = await open('#/runs/hostile')
    await page.getByRole('treeitem').getByText(HOSTILE).waitFor()
    await page.getByRole('treeitem').click()
    await page.getByRole('link', { name: 'Input and output' }).click()
    await page.getByText(HOSTILE).first().waitFor()
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('window.hacked')).toBeUndefined()
    expect(trouble).toEqual([])
  })

  test('the chart is operated by keyboard alone', async () => {
    const { engine, workflows, open } = await served()
    await ended(engine.start(workflows.research, { topic: 'keys', sources: 3 }, { id: 'keys' }))
    const page = await open('#/runs/keys')
    const tree = page.getByRole('tree')
    await tree.focus()
    const items = page.getByRole('treeitem')
    const all = await items.count()
    await page.keyboard.press('ArrowDown')
    expect(await activeItem(page)).toMatch(/parallel search/)
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => items.count()).toBe(all - 3)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => items.count()).toBe(all)
    const axis = page.locator('.chart-axis')
    const whole = await axis.textContent()
    await page.keyboard.press('+')
    await expect.poll(() => axis.textContent()).not.toBe(whole)
    await page.keyboard.press('0')
    await expect.poll(() => axis.textContent()).toBe(whole)
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Details of plan' }).waitFor()
  })

  test('ten thousand branches are folded, and unfolded only those in sight are drawn', async () => {
    const { engine, workflows, open } = await served()
    await ended(engine.start(workflows.fanOut, 10_000, { id: 'many' }))
    const page = await open('#/runs/many')
    const group = page.getByRole('treeitem', { name: /10,000 operations/ })
    await group.waitFor()
    await group.click()
    await page.getByRole('treeitem', { name: /step item-0,/ }).waitFor()
    expect(await page.getByRole('treeitem').count()).toBeLessThan(80)
    await page.getByRole('tree').focus()
    await page.keyboard.press('End')
    await page.getByRole('treeitem', { name: /step item-9999,/ }).waitFor()
    expect(await page.getByRole('treeitem').count()).toBeLessThan(80)
  })

  test('a lost connection is said, and it goes on by itself', async () => {
    const { engine, workflows, gates, open, stop, start } = await served()
    await engine.start(workflows.gated, ['alpha'], { id: 'lost' })
    const page = await open('#/runs/lost')
    await page.getByRole('treeitem', { name: /step alpha, running/ }).waitFor()
    await stop()
    await page.getByText('The connection to the server is lost').waitFor()
    gates.open('alpha')
    await start()
    await page.getByRole('treeitem', { name: /step alpha, done/ }).waitFor()
    await page.getByText('The connection to the server is lost').waitFor({ state: 'detached' })
    expect(await page.locator('h1').innerText()).toContain('completed')
  })

  test('a run that does not exist is a clear message', async () => {
    const { open } = await served()
    const page = await open('#/runs/no-such-run')
    await page.getByRole('alert').getByText('no-such-run').waitFor()
    await page.getByRole('link', { name: 'All runs' }).click()
    await expect.poll(() => page.getByText('No runs yet').count()).toBe(1)
  })

  test('the toggle changes the theme, and it stays', async () => {
    const { open } = await served()
    const page = await open('', { colorScheme: 'dark' })
    const ground = (): Promise<string> =>
      page.evaluate(`getComputedStyle(document.body).backgroundColor`) as Promise<string>
    const dark = await ground()
    await page.getByRole('button', { name: 'Switch to light theme' }).click()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    await page.getByText('No runs yet').waitFor()
    expect(await ground()).toBe(light)
  })

  test.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 390, 844],
    ['dark', 390, 844],
  ] as const)(
    'nothing is found by axe, and nothing sticks out: %s, %i × %i',
    async (colorScheme, width, height) => {
      const { engine, workflows, open, trouble } = await served()
      await ended(engine.start(workflows.research, { topic: 'axe' }, { id: 'report' }))
      await ended(engine.start(workflows.flaky, undefined, { id: 'mail' })).catch(() => undefined)
      const page = await open('', {
        colorScheme,
        viewport: { width, height },
        bypassCSP: true,
        reducedMotion: 'reduce',
      })
      await page.getByRole('link', { name: 'report', exact: true }).first().waitFor()
      expect(await violations(page)).toEqual([])
      await keepScreenshot(page, `list-${colorScheme}-${width}`)
      for (const tab of ['', '/data', '/journal', '/relatives']) {
        await page.goto(`${page.url().split('#')[0]}#/runs/report${tab}`)
        await page
          .locator(tab === '' ? '.row' : '.card')
          .first()
          .waitFor()
        await keepScreenshot(page, `run${tab.replace('/', '-')}-${colorScheme}-${width}`)
        expect(await violations(page)).toEqual([])
      }
      await page.goto(`${page.url().split('#')[0]}#/runs/mail`)
      await page.getByRole('treeitem', { name: /deliver/ }).click()
      await page.getByRole('complementary').waitFor()
      expect(await violations(page)).toEqual([])
      expect(trouble).toEqual([])
    },
  )
})

async function ended(started: Promise<RunHandle>): Promise<unknown> {
  return await (await started).result()
}

/** Into the folder that `PAGE_SCREENSHOTS` names, for people to look at. */
async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['PAGE_SCREENSHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) })
}

async function activeItem(page: Page): Promise<string | null> {
  const id = await page.getByRole('tree').getAttribute('aria-activedescendant')
  return await page.locator(`[id="${id}"]`).getAttribute('aria-label')
}
