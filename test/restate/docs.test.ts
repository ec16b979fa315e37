/** What docs/scaling-out.md says was run is run: its configuration, and its two programs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { workflow, step } from 'ai-workflows'
import { startProgram } from '../../bench/servers/process.ts'
import { nodePorts, type NodePorts, restateProgram } from '../../bench/servers/restate-node.ts'
import { home, ownDirectory } from './support/home.ts'
import { noRestate, SMALL, why } from './support/node.ts'

const guide = readFileSync(new URL('../../docs/scaling-out.md', import.meta.url), 'utf8')
const [, configuration = ''] = /```toml\n([^`]*)```/.exec(guide) ?? []

/** The page's, for one of three nodes on this machine, and without the object store. */
function configurationOf(node: number, ports: readonly NodePorts[], directory: string): string {
  const own = ports[node]
  const replaced: readonly (readonly [RegExp, string])[] = [
    [/\[worker\.snapshots\][^[]*$/, ''],
    [/addresses = .*/, `addresses = [${ports.map((one) => `"http://127.0.0.1:${one.node}"`).join(', ')}]`],
    [/node-name = .*/, `node-name = "restate-${node + 1}"`],
    [
      /advertised-address = .*/,
      `advertised-address = "http://127.0.0.1:${own?.node}"\nbind-address = "127.0.0.1:${own?.node}"`,
    ],
    [/base-dir = .*/, `base-dir = "${join(directory, `${node}`)}"`],
    [/auto-provision = true/, `auto-provision = ${node === 0}`],
    [/"0\.0\.0\.0:8080"/, `"127.0.0.1:${own?.ingress}"`],
    [/"0\.0\.0\.0:9070"/, `"127.0.0.1:${own?.admin}"`],
  ]
  return replaced.reduce((text, [from, to]) => {
    expect(text).toMatch(from)
    return text.replace(from, to)
  }, configuration)
}

test.skipIf(noRestate)(`the configuration of a cluster starts one, which executes a run${why}`, async () => {
  const directory = ownDirectory()
  const ports = [await nodePorts(), await nodePorts(), await nodePorts()]
  const start = async (_: unknown, node: number) => {
    mkdirSync(join(directory, `${node}`))
    const file = join(directory, `${node}.toml`)
    writeFileSync(file, configurationOf(node, ports, directory))
    const admin = `http://127.0.0.1:${ports[node]?.admin}`
    return await startProgram({
      program: restateProgram() ?? '',
      args: ['--config-file', file, '--no-logo'],
      environment: { DO_NOT_TRACK: '1', ...SMALL },
      ready: async () => (await fetch(`${admin}/health`).catch(() => undefined))?.ok === true,
      stopWith: 'SIGTERM',
    })
  }
  const nodes = await Promise.all(ports.map(start))
  onTestFinished(async () => {
    await Promise.all(nodes.map((node) => node.kill()))
  })
  const [first] = ports
  const at = { ingress: `http://127.0.0.1:${first?.ingress}`, admin: `http://127.0.0.1:${first?.admin}` }
  const hello = workflow({
    name: 'hello',
    execute: async (_ctx, who: string) => await step('greet', () => `hello ${who}`),
  })
  const { engine } = await home(at, [hello])
  expect(await hello.run('cluster', { engine })).toBe('hello cluster')
  const health = (await (await fetch(`${at.admin}/cluster-health`)).json()) as {
    metadata_cluster_health?: { members: unknown[] }
  }
  expect(health.metadata_cluster_health?.members.length).toBe(3)
})
