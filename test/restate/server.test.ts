/** That the servers which other tests stand on are what they say: real ones, which can be killed. */
import { once } from 'node:events'
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createEndpointHandler, object, type ObjectContext } from '@restatedev/restate-sdk'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { post, register } from './support/admin.ts'
import { type Cluster, startCluster } from './support/cluster.ts'
import { noRestate, type Restate, startRestate, why } from './support/node.ts'
import { startProxy } from './support/proxy.ts'

/** A counter that Restate keeps, in a service of this process that says its name. */
async function startCounter(name: string): Promise<{ port: number; stop: () => void }> {
  const counter = object({
    name: 'counter',
    handlers: {
      add: async (ctx: ObjectContext, more: number) => {
        const sum = ((await ctx.get<number>('sum')) ?? 0) + more
        ctx.set('sum', sum)
        return { sum, name }
      },
    },
  })
  const server: Http2Server = createServer(
    createEndpointHandler({ services: [counter], logger: () => undefined }),
  )
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => sessions.add(session))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = (): void => {
    server.close()
    for (const session of sessions) session.destroy()
  }
  onTestFinished(stop)
  return { port: (server.address() as AddressInfo).port, stop }
}

interface Counted {
  readonly sum: number
  readonly name: string
}

const add = async (ingress: string, key: string, more: number): Promise<Counted> =>
  (await post(`${ingress}/counter/${key}/add`, more)) as Counted

/** What a client does whose Restate is away for a moment. */
async function patiently<T>(request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

describe.skipIf(noRestate)(`Restate${why}`, () => {
  describe('a single node', () => {
    let node: Restate
    beforeAll(async () => {
      node = await startRestate()
    })
    afterAll(() => node.stop())

    test('answers, is killed, and comes back with what it knew', async () => {
      const { port } = await startCounter('here')
      await register(node.admin, `http://127.0.0.1:${port}`)
      expect(await add(node.ingress, 'a', 2)).toEqual({ sum: 2, name: 'here' })
      await node.kill()
      await expect(add(node.ingress, 'a', 1)).rejects.toThrow('fetch failed')
      await node.restart()
      expect(await patiently(() => add(node.ingress, 'a', 3))).toEqual({ sum: 5, name: 'here' })
      expect(node.logs()).toContain('Restate')
    })

    test('knows one address for several processes, and goes on with those that live', async () => {
      const [one, other] = [await startCounter('one'), await startCounter('other')]
      const proxy = await startProxy([one.port, other.port])
      onTestFinished(() => proxy.stop())
      await patiently(() => register(node.admin, proxy.url))
      const names = new Set<string>()
      for (let call = 1; names.size < 2; call++) {
        const { sum, name } = await add(node.ingress, 'b', 1)
        expect(sum).toBe(call)
        names.add(name)
      }
      one.stop()
      const { sum } = await add(node.ingress, 'b', 1)
      expect(await add(node.ingress, 'b', 1)).toEqual({ sum: sum + 1, name: 'other' })
      other.stop()
      const waiting = add(node.ingress, 'b', 1)
      const back = await startCounter('back')
      proxy.add(back.port)
      expect(await waiting).toEqual({ sum: sum + 2, name: 'back' })
    })
  })

  describe('three nodes', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster()
    })
    afterAll(() => cluster.stop())

    test('survive a kill -9 of the one that leads, and take it back', async () => {
      const { port } = await startCounter('here')
      await register(cluster.nodes[0]!.admin, `http://127.0.0.1:${port}`)
      for (const key of ['a', 'b', 'c', 'd']) await add(cluster.nodes[0]!.ingress, key, 1)
      const [leader] = await cluster.leaders()
      await cluster.kill(leader!.node)
      const { ingress } = cluster.nodes.find(({ alive }) => alive)!
      for (const key of ['a', 'b', 'c', 'd'])
        expect(await add(ingress, key, 1)).toEqual({ sum: 2, name: 'here' })
      await cluster.restart(leader!.node)
      await cluster.ready()
      const back = cluster.nodes[leader!.node]!
      expect(await patiently(() => add(back.ingress, 'a', 1))).toEqual({ sum: 3, name: 'here' })
    })
  })
})
