/** The page's files, as the build put them there. */
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { PAGE_POLICY } from '../../server/safe-headers.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>ai-workflows</title>' +
  '<h1>The page is not built</h1><p>This copy of ai-workflows has no page in it: run <code>npm run build</code>. ' +
  'The HTTP API works: <a href="/api/runs">/api/runs</a>.</p></html>'

/** What is asked for is looked up among the files that are there, and is never made a path of: nothing outside of the folder can be meant. */
export function staticPage(folder: string): (path: string) => Promise<Response> {
  return async (path) => {
    const files = await filesIn(folder)
    const file = files.get(path === '/' ? '/index.html' : path)
    if (file !== undefined) return answer(200, await readFile(file), extname(file))
    if (!files.has('/index.html')) return answer(503, Buffer.from(NOT_BUILT), '.html')
    return answer(404, Buffer.from('There is no such file\n'), '.txt')
  }
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(files.map((file) => [file.slice(folder.length).split(sep).join('/'), file]))
}

function answer(status: number, body: Buffer, extension: string): Response {
  return new Response(new Uint8Array(body), {
    status,
    headers: {
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'content-security-policy': PAGE_POLICY,
    },
  })
}
