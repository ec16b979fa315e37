import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../servers/free-port.ts'

/** The port at which a session's process listens, also after it was killed and started again. */
export async function keptPort(directory: string): Promise<number> {
  const note = join(directory, 'port')
  const port = existsSync(note) ? Number(readFileSync(note, 'utf8')) : await freePort()
  writeFileSync(note, String(port))
  return port
}

export async function post(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}
