import { describe, expect, test } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

describe.skipIf(chromiumPath === undefined)(`trouble on the web page${NO_CHROMIUM}`, () => {
  useBrowser()

  test('runs that cannot be looked at any more are said, what is shown stays, and it goes on by itself', async () => {
    const { engine, workflows, open, breakdown } = await served()
    await (await engine.start(workflows.score, 'a text', { id: 'one' })).result()
    const page = await open()
    await page.getByRole('link', { name: 'one' }).waitFor()
    const other = await page.context().newPage()
    await other.goto(`${page.url().split('#')[0]}#/runs/one`)
    await other.getByRole('treeitem').first().waitFor()
    breakdown(new StoreError('missing', 'The run database is gone: bring it back'))
    await page.getByRole('alert').getByText('is gone: bring it back').waitFor()
    await other.getByRole('alert').getByText('is gone: bring it back').waitFor()
    expect(await page.getByRole('link', { name: 'one' }).count()).toBe(1)
    breakdown(undefined)
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await other.getByRole('alert').waitFor({ state: 'detached' })
    await expect.poll(() => page.getByText('The connection to the server is lost').count()).toBe(0)
  })

  test('a run that is not there is not taken for a lost connection', async () => {
    const { engine, workflows, open } = await served()
    const page = await open('#/runs/later')
    await page.getByRole('alert').getByText('There is no run').waitFor()
    expect(await page.getByText('The connection to the server is lost').count()).toBe(0)
    await (await engine.start(workflows.score, 'a text', { id: 'later' })).result()
    await page.locator('h1').getByText('completed').waitFor()
  })

  test('an interrupted run is resumed', async () => {
    const { engine, workflows, open, restartEngine } = await served()
    await engine.start(workflows.approval, undefined, { id: 'left' })
    const next = await restartEngine()
    const page = await open('#/runs/left')
    await page.locator('h1').getByText('interrupted').waitFor()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.locator('h1').getByText('waiting').waitFor()
    await next.find('left').signal('approve', { approved: true })
    await page.locator('h1').getByText('completed').waitFor()
    expect(await next.get(workflows.approval, 'left').result()).toEqual({ published: true })
  })
})
