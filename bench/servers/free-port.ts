import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below those that systems give to outgoing connections (Linux: from 32768): nobody takes it while its server is down. */
const FIRST = 20_000
const COUNT = 12_000

const given = new Set<number>()

/** A port of the loopback interface that nobody listened on a moment ago. Never one that was given before. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  )
  if (!(await listening)) return false
  server.close()
  await once(server, 'close')
  return true
}
