import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'
import { bytesIn, startProgram, versionOf } from './process.ts'
import type { ServerKind } from './server.ts'

export const restate: ServerKind = {
  find: () => {
    const place = `../node_modules/@restatedev/restate-server-${process.platform}-${process.arch}`
    const program = fileURLToPath(new URL(`${place}/bin/restate-server`, import.meta.url))
    if (!existsSync(program))
      return `@restatedev/restate-server has no binary for ${process.platform} ${process.arch}`
    return {
      version: versionOf(program),
      start: async (directory) => {
        const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()]
        const health = `http://127.0.0.1:${admin}/health`
        const ready = (): Promise<boolean> =>
          fetch(health).then(
            ({ ok }) => ok,
            () => false,
          )
        const stop = await startProgram({
          program,
          args: ['--base-dir', directory, '--no-logo', '--listen-mode', 'tcp'],
          environment: {
            DO_NOT_TRACK: '1',
            RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
            RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
            RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
          },
          ready,
          stopWith: 'SIGTERM',
        })
        const url = `http://127.0.0.1:${ingress} http://127.0.0.1:${admin}`
        return { url, bytes: () => bytesIn(directory), stop }
      },
    }
  },
}
