// `npm run restate [-- --once --directory <path>]`: a Restate server of this machine's own, from the npm package, and on it the workflows of
// examples/24-on-restate.ts. Stays, so that one can look at them, until Ctrl-C; with --once, until the first has ended.
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { restate, serve } from 'ai-workflows/restate'
import { freePort } from '../bench/servers/free-port.ts'
import { NO_RESTATE, restateProgram, startNode } from '../bench/servers/restate-node.ts'
import { workflows } from '../examples/24-on-restate.ts'

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    directory: { type: 'string', default: fileURLToPath(new URL('../.restate', import.meta.url)) },
  },
})
const directory = resolve(values.directory)

if (restateProgram() === undefined) {
  console.error(`${NO_RESTATE}: there are some for Linux and macOS, on x64 and arm64`)
  process.exit(1)
}

const stopped = new Promise((stop) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop('stopped'))
})

mkdirSync(directory, { recursive: true })
// Those that Restate's documentation names, where nothing else has them.
const ports = { ingress: await portOr(8080), admin: await portOr(9070), node: await portOr(5122) }
const node = await startNode({ directory, ports, args: ['--node-name', 'local'] })
try {
  await runExample()
} finally {
  await node.stop()
}

async function runExample() {
  const [ingress, admin] = [`http://127.0.0.1:${ports.ingress}`, `http://127.0.0.1:${ports.admin}`]
  const port = await portOr(9080)
  const server = await serve({
    workflows,
    host: '127.0.0.1',
    port,
    admin,
    address: `http://127.0.0.1:${port}`,
  })
  try {
    const [planTrip] = workflows
    const id = `trip-${randomUUID().slice(0, 8)}`
    const run = await planTrip.start(['Oslo', 'Bergen', 'Bodø'], { id, engine: restate({ ingress, admin }) })
    console.log(`${planTrip.name} ${id}:`, await Promise.race([run.result(), stopped]))
    if (values.once) return
    console.log(`Restate shows it at ${admin}/ui`)
    console.log(`It takes requests at ${ingress}, and keeps its records in ${directory}. Ctrl-C ends it.`)
    await Promise.race([stopped, node.gone.then(() => console.error(`Restate ended:\n${node.printed()}`))])
  } finally {
    await server.stop({ grace: 0 })
  }
}

/** @param {number} wanted */
async function portOr(wanted) {
  const server = createServer()
  const free = await new Promise((tell) => {
    server.once('error', () => tell(false)).listen(wanted, '127.0.0.1', () => server.close(() => tell(true)))
  })
  return free ? wanted : await freePort()
}
