/** Three nodes of Restate that keep every record twice. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Program } from '../../../bench/servers/process.ts'
import { nodePorts, type NodePorts, startNode } from '../../../bench/servers/restate-node.ts'
import { SMALL } from './node.ts'

/** Milliseconds. */
const READY_WITHIN = 60_000
const LOOK = 100

/** The number of partitions that a node leads, on its page of metrics. */
const LED = /^restate_num_active_partition_leaders\{.*\} (\d+)$/m

export interface Cluster {
  readonly nodes: readonly ClusterNode[]
  /** Of the nodes that live, how many partitions each leads: numbers of nodes, most first. A few seconds old. */
  leaders(): Promise<readonly { readonly node: number; readonly partitions: number }[]>
  /** With SIGKILL. */
  kill(node: number): Promise<void>
  /** Starts a node again that was killed, on its ports and its directory. Resolves when it answers. */
  restart(node: number): Promise<void>
  /** Resolves when every partition has a leader. */
  ready(): Promise<void>
  logs(): string
  /** Gone for good, with their directories. */
  stop(): Promise<void>
}

export interface ClusterNode {
  readonly ingress: string
  readonly admin: string
  readonly alive: boolean
}

/** @throws there is no program for this platform, or it does not start */
export async function startCluster(): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'restate-cluster-'))
  const ports = [await nodePorts(), await nodePorts(), await nodePorts()]
  const cluster = new ThreeNodes(directory, ports)
  try {
    await Promise.all(ports.map((_, node) => cluster.restart(node)))
    await cluster.ready()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

class ThreeNodes implements Cluster {
  readonly #directory: string
  readonly #ports: readonly NodePorts[]
  readonly #running = new Map<number, Program>()

  constructor(directory: string, ports: readonly NodePorts[]) {
    this.#directory = directory
    this.#ports = ports
  }

  get nodes(): readonly ClusterNode[] {
    return this.#ports.map(({ ingress, admin }, node) => ({
      ingress: `http://127.0.0.1:${ingress}`,
      admin: `http://127.0.0.1:${admin}`,
      alive: this.#running.has(node),
    }))
  }

  async restart(node: number): Promise<void> {
    const ports = this.#ports[node]
    if (ports === undefined || this.#running.has(node)) throw new Error(`node ${node} cannot be started`)
    const addresses = this.#ports.map((one) => `http://127.0.0.1:${one.node}`)
    const program = await startNode({
      directory: join(this.#directory, `${node}`),
      ports,
      args: ['--cluster-name', this.#directory.split('-').at(-1) ?? '', '--node-name', `node-${node}`],
      settings: {
        ...SMALL,
        // One provisions the cluster; the others join it.
        RESTATE_AUTO_PROVISION: `${node === 0}`,
        RESTATE_DEFAULT_REPLICATION: '2',
        RESTATE_BIFROST__DEFAULT_PROVIDER: 'replicated',
        RESTATE_METADATA_CLIENT__ADDRESSES: `[${addresses.join(',')}]`,
        RESTATE_ADVERTISED_ADDRESS: addresses[node] ?? '',
      },
    })
    this.#running.set(node, program)
  }

  async kill(node: number): Promise<void> {
    const program = this.#running.get(node)
    this.#running.delete(node)
    await program?.kill()
  }

  async leaders(): Promise<readonly { readonly node: number; readonly partitions: number }[]> {
    const asked = [...this.#running.keys()].map(async (node) => ({ node, partitions: await this.#led(node) }))
    return (await Promise.all(asked))
      .filter(({ partitions }) => partitions > 0)
      .toSorted((one, other) => other.partitions - one.partitions)
  }

  async ready(): Promise<void> {
    const until = performance.now() + READY_WITHIN
    const all = Number(SMALL.RESTATE_DEFAULT_NUM_PARTITIONS)
    for (;;) {
      const led = (await this.leaders()).reduce((sum, { partitions }) => sum + partitions, 0)
      if (led === all) return
      if (performance.now() > until)
        throw new Error(`${led} of ${all} partitions have a leader: ${this.logs().slice(-2000)}`)
      await pause(LOOK)
    }
  }

  logs(): string {
    return [...this.#running].map(([node, program]) => `node ${node}:\n${program.printed()}`).join('\n')
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((node) => this.kill(node)))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #led(node: number): Promise<number> {
    try {
      const metrics = await fetch(`http://127.0.0.1:${this.#ports[node]?.node}/metrics`)
      return Number(LED.exec(await metrics.text())?.[1] ?? 0)
    } catch {
      return 0
    }
  }
}
