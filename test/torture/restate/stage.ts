/** A cluster, and two service processes behind one address. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { register } from '../../restate/support/admin.ts'
import { type Cluster, type ClusterNode, startCluster } from '../../restate/support/cluster.ts'
import { type Proxy, startProxy } from '../../restate/support/proxy.ts'
import type { Blow } from './plan.ts'

const program = fileURLToPath(new URL('./service.ts', import.meta.url))
const SERVICES = 2

interface Service {
  readonly process: ChildProcess
  readonly port: number
}

export class Stage {
  readonly #dir: string
  readonly #cluster: Cluster
  readonly #proxy: Proxy
  readonly #services: Service[] = []
  /** What service processes complained of. */
  readonly complaints: string[] = []

  /** @param dir where service processes leave their notes */
  static async build(dir: string): Promise<Stage> {
    const [cluster, proxy] = await Promise.all([startCluster(), startProxy()])
    const stage = new Stage(dir, cluster, proxy)
    try {
      await stage.#fill()
      await register(stage.admin, proxy.url)
    } catch (error) {
      await stage.tearDown()
      throw error
    }
    return stage
  }

  private constructor(dir: string, cluster: Cluster, proxy: Proxy) {
    this.#dir = dir
    this.#cluster = cluster
    this.#proxy = proxy
  }

  /** Of those that live. */
  get nodes(): readonly ClusterNode[] {
    return this.#cluster.nodes.filter(({ alive }) => alive)
  }

  /** Of a node that lives. */
  get admin(): string {
    return this.nodes[0]?.admin ?? ''
  }

  /** Kills. @returns starts again what was killed; resolves when the cluster is whole */
  async strike({ victim, choice }: Blow): Promise<() => Promise<void>> {
    const everything = victim === 'everything'
    const nodes = everything ? [0, 1, 2] : []
    if (victim === 'node' || victim === 'node and service') nodes.push(Math.floor(choice * 3))
    if (victim === 'leader') nodes.push((await this.#cluster.leaders())[0]?.node ?? 0)
    const services = everything ? [...this.#services] : []
    if (victim === 'service' || victim === 'node and service') {
      const service = this.#services[Math.floor(choice * SERVICES)]
      if (service !== undefined) services.push(service)
    }
    await Promise.all([
      ...nodes.map((node) => this.#cluster.kill(node)),
      ...services.map((service) => this.#end(service)),
    ])
    return async () => {
      await Promise.all([...nodes.map((node) => this.#cluster.restart(node)), this.#fill()])
      await this.#cluster.ready()
    }
  }

  get logs(): string {
    return this.#cluster.logs()
  }

  async tearDown(): Promise<void> {
    await Promise.all([...this.#services].map((service) => this.#end(service)))
    await this.#proxy.stop()
    await this.#cluster.stop()
  }

  async #fill(): Promise<void> {
    while (this.#services.length < SERVICES) {
      const child = fork(program, [this.#dir], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
      child.stderr?.setEncoding('utf8').on('data', (text: string) => this.complaints.push(text))
      const [{ port }] = (await once(child, 'message')) as [{ port: number }]
      this.#services.push({ process: child, port })
      this.#proxy.add(port)
    }
  }

  async #end(service: Service): Promise<void> {
    this.#services.splice(this.#services.indexOf(service), 1)
    const gone = once(service.process, 'exit')
    service.process.kill('SIGKILL')
    await gone
    this.#proxy.remove(service.port)
  }
}
