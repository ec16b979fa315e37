/** A service process: `worker.ts <admin> <address> <port> <file>`. Its steps write who they are, and when, to the file. */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from 'ai-workflows/restate'
import { spread } from './spread.ts'

const [admin = '', address = '', port = '', file = ''] = process.argv.slice(2)
const write = (what: string): void => appendFileSync(file, `${process.pid} ${what}\n`)

const server = await serve({
  workflows: spread(async (what, ms, signal) => {
    write(`begin ${what}`)
    await pause(ms, undefined, { signal })
    write(`end ${what}`)
  }),
  host: '127.0.0.1',
  port: Number(port),
  ...(address === '' ? {} : { admin, address }),
})
process.stdout.write(`${server.port}\n`)
process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)))
