/** The built page, as `ai-workflows ui` gives it. */
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { PAGE_POLICY } from '../../../src/server/safe-headers.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const FILES = new Set(['/index.html', '/app.js', '/app.css', '/icon.svg'])

/** @param folder where `npm run build` wrote it */
export function pageFiles(folder: URL): (path: string) => Promise<Response> {
  return async (path) => {
    const file = path === '/' ? '/index.html' : path
    if (!FILES.has(file)) return new Response('There is nothing here', { status: 404 })
    const body = await readFile(new URL(`.${file}`, folder))
    return new Response(body, {
      headers: { 'content-type': TYPES[extname(file)] ?? '', 'content-security-policy': PAGE_POLICY },
    })
  }
}
