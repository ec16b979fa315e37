import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_RESTATE, nodePorts, restateProgram, startNode } from '../../../bench/servers/restate-node.ts'

/** Tests that need a server are skipped where there is none. */
export const noRestate = restateProgram() === undefined

/** For the titles of such tests. */
export const why = noRestate ? ` (skipped: ${NO_RESTATE})` : ''

export interface Restate {
  /** `http://127.0.0.1:…` */
  readonly ingress: string
  /** `http://127.0.0.1:…` */
  readonly admin: string
  /** The end of what it printed since it was last started. */
  logs(): string
  /** Gone for good, with its directory. */
  stop(): Promise<void>
  /** With SIGKILL. Its directory stays. */
  kill(): Promise<void>
  /** Starts it again, on the same ports and directory. */
  restart(): Promise<void>
}

/** Enough for tests: by default each node takes 2 GB for its caches and 24 partitions. */
export const SMALL = {
  RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '512MB',
  RESTATE_DEFAULT_NUM_PARTITIONS: '4',
}

/**
 * A single node of Restate on free ports and a directory of its own, both of which it keeps when it is killed.
 * @throws there is no program for this platform (`restateProgram()` tells)
 */
export async function startRestate(): Promise<Restate> {
  const directory = mkdtempSync(join(tmpdir(), 'restate-'))
  const ports = await nodePorts()
  const start = () => startNode({ directory, ports, args: ['--node-name', 'only'], settings: SMALL })
  let node = await start()
  return {
    ingress: `http://127.0.0.1:${ports.ingress}`,
    admin: `http://127.0.0.1:${ports.admin}`,
    logs: () => node.printed(),
    kill: () => node.kill(),
    restart: async () => {
      node = await start()
    },
    stop: async () => {
      await node.kill()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
