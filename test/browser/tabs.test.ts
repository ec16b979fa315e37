import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

/** More than the connections that a browser makes to one server. */
const TABS = 8

describe.skipIf(chromiumPath === undefined)(`tabs of one browser${NO_CHROMIUM}`, () => {
  useBrowser()

  test('eight tabs are live over one connection, whichever of them is closed', async () => {
    const { engine, workflows, gates, open, streams, trouble } = await served()
    const names = Array.from({ length: TABS }, (_, at) => `tab-${at}`)
    for (const name of names) await engine.start(workflows.gated, [name], { id: name })
    const first = await open('#/runs/tab-0')
    const pages = [first]
    for (const name of names.slice(1)) {
      const page = await first.context().newPage()
      await page.goto(`${first.url().split('#')[0]}#/runs/${name}`)
      pages.push(page)
    }
    for (const [at, page] of pages.entries()) await step(page, `tab-${at}, running`)
    await expect.poll(streams).toBe(1)
    const [gone, ...others] = pages
    await gone?.close()
    for (const name of names) gates.open(name)
    for (const [at, page] of others.entries()) await step(page, `tab-${at + 1}, done`)
    await expect.poll(streams).toBe(1)
    for (const page of others) await page.close()
    await expect.poll(streams).toBe(0)
    expect(trouble).toEqual([])
  })

  test('a tab that goes to another run, and back, is told of the one that it shows', async () => {
    const { engine, workflows, gates, open, streams } = await served()
    await engine.start(workflows.gated, ['one'], { id: 'first' })
    await engine.start(workflows.gated, ['two'], { id: 'second' })
    const page = await open('#/runs/first')
    await step(page, 'one, running')
    await page.goto(`${page.url().split('#')[0]}#/runs/second`)
    await step(page, 'two, running')
    gates.open('one')
    await page.goBack()
    await step(page, 'one, done')
    await page.goForward()
    gates.open('two')
    await step(page, 'two, done')
    await expect.poll(streams).toBe(1)
  })

  test('a browser without shared workers does with one connection for each tab', async () => {
    const { engine, workflows, gates, open, streams } = await served()
    await engine.start(workflows.gated, ['one'], { id: 'first' })
    const page = await open('#/runs/first')
    await step(page, 'one, running')
    await expect.poll(streams).toBe(1)
    const browser = page.context().browser() ?? expect.unreachable()
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    await context.addInitScript('delete globalThis.SharedWorker')
    const tabs = [await context.newPage(), await context.newPage()]
    for (const tab of tabs) {
      await tab.goto(page.url())
      await step(tab, 'one, running')
    }
    await expect.poll(streams).toBe(3)
    gates.open('one')
    for (const tab of tabs) await step(tab, 'one, done')
  })
})

async function step(page: Page, what: string): Promise<void> {
  await page.getByRole('treeitem', { name: `step ${what}` }).waitFor()
}
