import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { staticPage } from '../../src/cli/ui/static-page.ts'
import { folder } from '../support/folder.ts'

function built() {
  const at = folder()
  const root = join(at, 'ui')
  mkdirSync(join(root, 'assets'), { recursive: true })
  writeFileSync(join(at, 'secret.txt'), 'secret')
  writeFileSync(join(root, 'index.html'), '<!doctype html>page')
  writeFileSync(join(root, 'assets', 'app.js'), 'code')
  symlinkSync(join(at, 'secret.txt'), join(root, 'assets', 'link.txt'))
  return staticPage(root)
}

test('files of the page are given with their types, and nothing else is there', async () => {
  const page = built()
  const script = await page('/assets/app.js')
  expect([await script.text(), script.headers.get('content-type')]).toEqual([
    'code',
    'text/javascript; charset=utf-8',
  ])
  for (const path of ['/', '/index.html']) {
    const answer = await page(path)
    expect(await answer.text()).toBe('<!doctype html>page')
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'")
  }
  for (const path of ['/assets/other.js', '/runs/x']) expect((await page(path)).status).toBe(404)
})

test.for([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/assets/..\\..\\secret.txt',
  '//secret.txt',
  '/assets/link.txt',
  '/assets/app.js\0.txt',
])('nothing outside of the page can be had by %j', async (path) => {
  const answer = await built()(path)
  expect(answer.status).toBe(404)
  expect(await answer.text()).not.toContain('secret')
})

test('a page that is not built says so', async () => {
  const answer = await staticPage(join(folder(), 'none'))('/')
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('npm run build')
})
