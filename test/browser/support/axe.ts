import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds, and whether something is wider than the window. The page needs `bypassCSP`. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const found = (await page.evaluate(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map(({ html }) => html).join(' ')))`,
  )) as string[]
  const isWide = await page.evaluate(`document.documentElement.scrollWidth > innerWidth`)
  return isWide === true ? [...found, 'wider than the window'] : found
}
