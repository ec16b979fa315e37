import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

describe.skipIf(chromiumPath === undefined)(`the chart under fingers${NO_CHROMIUM}`, () => {
  useBrowser()

  test('a tap shows details, two fingers zoom, and one moves along the time', async () => {
    const { engine, workflows, open } = await served()
    await (await engine.start(workflows.research, { topic: 'touch', sources: 3 }, { id: 'touch' })).result()
    const page = await open('#/runs/touch', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    })
    await page.getByRole('treeitem', { name: /step plan/ }).waitFor()
    await page.getByRole('treeitem', { name: /step plan/ }).tap()
    await page.getByRole('complementary', { name: 'Details of plan' }).waitFor()
    await page.getByRole('button', { name: 'Close the details' }).tap()
    await page.locator('.chart-scroll').scrollIntoViewIfNeeded()
    const axis = page.locator('.chart-axis')
    const whole = await axis.textContent()
    const { x, y, width } = (await page.locator('.chart-scroll').boundingBox())!
    const middle = x + width * 0.7
    const fingers = await touching(page)
    await fingers([
      [middle - 15, y + 40],
      [middle + 15, y + 40],
    ])
    for (const apart of [25, 40, 60])
      await fingers([
        [middle - apart, y + 40],
        [middle + apart, y + 40],
      ])
    await fingers([])
    await expect.poll(() => axis.textContent()).not.toBe(whole)
    const closer = await bars(page)
    await fingers([[middle, y + 40]])
    for (const left of [20, 50, 80]) await fingers([[middle - left, y + 42]])
    await fingers([])
    await expect.poll(() => bars(page)).not.toEqual(closer)
    expect(await page.evaluate('visualViewport.scale')).toBe(1)
    expect(await page.getByRole('complementary').count()).toBe(0)
    await page.getByRole('button', { name: 'Show all of the time' }).click()
    await expect.poll(() => axis.textContent()).toBe(whole)
  })
})

/** Where the fingers are now; before the first they are nowhere. */
async function touching(
  page: Page,
): Promise<(points: readonly (readonly [number, number])[]) => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  let before = 0
  return async (points) => {
    const type = points.length === 0 ? 'touchEnd' : before === 0 ? 'touchStart' : 'touchMove'
    before = points.length
    await session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: points.map(([x, y], id) => ({ x, y, id })),
    })
  }
}

async function bars(page: Page): Promise<readonly (string | null)[]> {
  return await page.locator('.bar').evaluateAll((all) => all.map((bar) => bar.getAttribute('x')))
}
