import { freePort } from './free-port.ts'
import { bytesIn, findProgram, listens, startProgram, versionOf } from './process.ts'
import type { ServerKind } from './server.ts'

export const redis: ServerKind = {
  find: () => {
    const program = findProgram('redis-server', ['/usr/bin', '/usr/sbin', '/usr/local/bin'])
    if (program === undefined) return 'no redis-server was found (Debian: apt install redis-server)'
    return {
      version: versionOf(program),
      start: async (directory) => {
        const port = await freePort()
        const listening = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
        const synced = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']
        const args = [...listening, ...synced]
        const { stop } = await startProgram({
          program,
          args,
          ready: () => listens(port),
          stopWith: 'SIGTERM',
        })
        return { url: `redis://127.0.0.1:${port}`, bytes: () => bytesIn(directory), stop }
      },
    }
  },
}
