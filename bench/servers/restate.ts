import { bytesIn, versionOf } from './process.ts'
import { NO_RESTATE, nodePorts, restateProgram, startNode } from './restate-node.ts'
import type { ServerKind } from './server.ts'

export const restate: ServerKind = {
  find: () => {
    const program = restateProgram()
    if (program === undefined) return NO_RESTATE
    return {
      version: versionOf(program),
      start: async (directory) => {
        const ports = await nodePorts()
        const { stop } = await startNode({ directory, ports })
        const url = `http://127.0.0.1:${ports.ingress} http://127.0.0.1:${ports.admin}`
        return { url, bytes: () => bytesIn(directory), stop }
      },
    }
  },
}
