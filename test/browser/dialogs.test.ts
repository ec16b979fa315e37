import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { violations } from './support/axe.ts'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

describe.skipIf(chromiumPath === undefined)(`dialogs of the web page${NO_CHROMIUM}`, () => {
  useBrowser()

  test.each([
    ['light', 1440, 900],
    ['dark', 390, 844],
  ] as const)('axe finds nothing in any of them: %s, %i × %i', async (colorScheme, width, height) => {
    const { engine, workflows, open } = await served()
    await engine.start(workflows.approval, undefined, { id: 'ask' })
    await (await engine.start(workflows.flaky, undefined, { id: 'mail' })).result().catch(() => undefined)
    const page = await open('', {
      colorScheme,
      viewport: { width, height },
      bypassCSP: true,
      reducedMotion: 'reduce',
    })
    const dialog = page.getByRole('dialog')
    const seen: string[] = []
    const look = async (opener: string, prepare?: () => Promise<unknown>): Promise<void> => {
      await page.getByRole('button', { name: opener, exact: true }).click()
      await dialog.waitFor()
      await prepare?.()
      seen.push(...(await violations(page)))
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
    }
    await look('Start a run', () => dialog.getByLabel('Workflow').selectOption('research-report'))
    await go(page, '#/runs/ask')
    await look('Send an event')
    await look('Cancel')
    await go(page, '#/runs/mail')
    await look('Retry')
    await page.getByRole('treeitem', { name: /prepare/ }).click()
    await look('Retry from here')
    expect(seen).toEqual([])
  })

  test('a run is started, sent an event and cancelled by keyboard alone, and the focus comes back', async () => {
    const { engine, workflows, open } = await served()
    await engine.start(workflows.approval, undefined, { id: 'ask' })
    await engine.start(workflows.approval, undefined, { id: 'stop' })
    const page = await open()
    await page.getByRole('link', { name: 'ask' }).waitFor()
    await tabTo(page, 'Start a run')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => focused(page)).toBe('Start a run')
    await tabTo(page, 'ask')
    await page.keyboard.press('Enter')
    await page.getByRole('treeitem').waitFor()
    await tabTo(page, 'Send an event')
    await page.keyboard.press('Enter')
    await page.getByLabel('Name').waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('approve')
    await page.keyboard.press('Tab')
    await page.keyboard.type('{ "approved": true }')
    await tabTo(page, 'Send')
    await page.keyboard.press('Enter')
    await page.locator('h1').getByText('completed').waitFor()
    await go(page, '#/runs/stop')
    await page.getByRole('treeitem').waitFor()
    await tabTo(page, 'Cancel')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Cancel the run')
    await page.keyboard.press('Enter')
    await page.locator('h1').getByText('cancelled').waitFor()
  })

  test('a part of an input that may be left out needs none of its own parts', async () => {
    const { engine, open } = await served()
    const page = await open()
    await page.getByRole('button', { name: 'Start a run' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Workflow').selectOption('letter')
    await dialog.getByLabel(/Run id/).fill('without')
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.locator('h1').getByText('completed').waitFor()
    expect(engine.codec.decode((await engine.inspect('without')).record.input)).toEqual({})
    await page.getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('button', { name: 'Start a run' }).click()
    await dialog.getByLabel('Workflow').selectOption('letter')
    await dialog.getByLabel(/street/).fill('High Street')
    await dialog.getByLabel(/Run id/).fill('with')
    await dialog.getByRole('button', { name: 'Start' }).click()
    expect(await dialog.locator('input:invalid').count()).toBe(1)
    await dialog.getByLabel('town').fill('Bath')
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.locator('h1').getByText('completed').waitFor()
    expect(engine.codec.decode((await engine.inspect('with')).record.input)).toEqual({
      to: { street: 'High Street', town: 'Bath' },
    })
  })
})

async function go(page: Page, hash: string): Promise<void> {
  await page.goto(`${page.url().split('#')[0]}${hash}`)
}

/** What the element that has the focus is called. */
async function focused(page: Page): Promise<string> {
  return (await page.evaluate(`document.activeElement?.textContent.trim() ?? ''`)) as string
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${name}`)
}
