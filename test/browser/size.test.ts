import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { bundlePage } from '../../scripts/page.mjs'

test('the page is less than 150 kB compressed, and refers to nothing that is elsewhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ai-workflows-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await bundlePage(folder)
  const files = await readdir(folder)
  expect(files.sort()).toEqual(['app.css', 'app.js', 'hub.js', 'icon.svg', 'index.html'])
  const contents = await Promise.all(files.map((file) => readFile(join(folder, file))))
  const size = contents.reduce((sum, content) => sum + gzipSync(content).length, 0)
  expect(size).toBeLessThan(150_000)
  const addresses = contents.flatMap((content) => content.toString().match(/\bhttps?:\/\/[\w./-]+/g) ?? [])
  expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([])
})
