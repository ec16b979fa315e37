import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { chromiumPath, NO_CHROMIUM } from './support/chromium.ts'
import { served, useBrowser } from './support/served-page.ts'

const TOKEN = 'correct-horse-battery'

describe.skipIf(chromiumPath === undefined)(`a token in a browser${NO_CHROMIUM}`, () => {
  useBrowser()

  test('it is gone from the address at once, no script has what it was exchanged for, and the page works', async () => {
    const { open, address, trouble } = await served(TOKEN)
    const page = await open(`?token=${TOKEN}#/`)
    await page.getByText('No runs yet').waitFor()
    expect(page.url()).toBe(`${address}/#/`)
    expect(await page.evaluate('[document.cookie, document.referrer, history.length]')).toEqual(['', '', 2])
    const [cookie, ...others] = await page.context().cookies()
    expect(others).toEqual([])
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/', expires: -1 })
    expect(cookie?.value).not.toContain(TOKEN)
    await page.goBack()
    expect(page.url()).toBe('about:blank')
    await page.goForward()
    await page.getByText('No runs yet').waitFor()
    expect(page.url()).toBe(`${address}/#/`)
    await page.reload()
    await page.getByText('No runs yet').waitFor()
    expect(trouble).toEqual([])
  })

  test('another site’s page neither sends the cookie nor reads anything, and its forms start nothing', async () => {
    const { engine, open, address } = await served(TOKEN)
    const page = await open(`?token=${TOKEN}`)
    await page.getByText('No runs yet').waitFor()
    const there = await elsewhere(
      `<form method=post enctype=text/plain action="${address}/api/runs">
         <input name='{"workflow":"fan-out","input":1,"x":"' value='"}'></form>`,
    )
    const evil = await page.context().newPage()
    await evil.goto(there)
    const read = `fetch(${JSON.stringify(`${address}/api/runs`)}, { credentials: 'include' }).then(() => 'read', () => 'refused')`
    expect(await evil.evaluate(read)).toBe('refused')
    const answer = evil.waitForResponse(`${address}/api/runs`)
    await evil.evaluate('document.forms[0].submit()')
    expect((await answer).status()).toBe(403)
    expect(await engine.list()).toEqual([])
  })

  test('a link of another site opens the page, with the token in it, and then without', async () => {
    const { open, address } = await served(TOKEN)
    const page = await open('?token=wrong-horse-battery')
    const there = await elsewhere(
      `<a href="${address}/#/runs/x">without</a> <a href="${address}/?token=${TOKEN}">with</a>`,
    )
    await page.goto(there)
    await page.getByRole('link', { name: 'without' }).click()
    await page.getByText('This server needs a token').waitFor()
    await page.goto(there)
    await page.getByRole('link', { name: 'with', exact: true }).click()
    await page.getByText('No runs yet').waitFor()
    expect(page.url()).toBe(`${address}/`)
    await page.goto(there)
    await page.getByRole('link', { name: 'without' }).click()
    await page.getByText('There is no run').waitFor()
    expect(page.url()).toBe(`${address}/#/runs/x`)
  })
})

/** A page of another site: `localhost` is another one than 127.0.0.1. */
async function elsewhere(html: string): Promise<string> {
  const server = createServer((_request, answer) =>
    answer.setHeader('content-type', 'text/html').end(`<!doctype html>${html}`),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://localhost:${(server.address() as AddressInfo).port}/`
}
