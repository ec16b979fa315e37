/** Who takes part: the files of `contenders/`, less those whose package or server is not there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { DurableContender, FanOutContender } from './contender.ts'
import type { ContenderNote } from './results.ts'
import { SERVERS } from './servers/servers.ts'
import type { Installed, ServerName } from './servers/server.ts'

export interface Participant {
  readonly file: string
  readonly note: ContenderNote
  readonly server?: Installed
}

export interface LineUp {
  readonly participants: readonly Participant[]
  readonly missing: readonly { readonly name: string; readonly reason: string }[]
}

/** @param compiled the directory of the compiled benchmarks. */
export async function lineUp(compiled: URL, only: readonly string[]): Promise<LineUp> {
  const participants: Participant[] = []
  const missing: { name: string; reason: string }[] = []
  for (const folder of ['contenders/durable/', 'contenders/fan-out/']) {
    const place = new URL(folder, compiled)
    const files = readdirSync(place).filter((file) => file.endsWith('.js') && file !== 'support.js')
    for (const file of files.sort()) {
      const url = new URL(file, place).href
      const { contender } = (await import(url)) as { contender: DurableContender | FanOutContender }
      if (!wanted(contender.name, only)) continue
      const found = participant(contender, url)
      if (typeof found === 'string') missing.push({ name: contender.name, reason: found })
      else participants.push(found)
    }
  }
  return { participants, missing }
}

const wanted = (name: string, only: readonly string[]): boolean =>
  only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()))

function participant(contender: DurableContender | FanOutContender, file: string): Participant | string {
  const { name, kind } = contender
  const version = contender.package === undefined ? '' : versionOf(contender.package)
  if (version === undefined) return `${contender.package} is not installed in bench/node_modules`
  if ('load' in contender) {
    const scenarios = { E: 'comparable' }
    return { file, note: { name, kind, version, durability: 'none', scenarios, refuses: {}, reduced: {} } }
  }
  const { durability, scenarios, refuses = {}, reduced = {} } = contender
  const note = { name, kind, version, durability, scenarios, refuses, reduced }
  if (contender.server === undefined) return { file, note }
  const server = serverOf(contender.server)
  if (typeof server === 'string') return server
  return { file, note: { ...note, version: `${version}, server ${server.version}` }, server }
}

const looked = new Map<ServerName, Installed | string>()

function serverOf(name: ServerName): Installed | string {
  const found = looked.get(name) ?? SERVERS[name].find()
  looked.set(name, found)
  return found
}

function versionOf(name: string): string | undefined {
  const manifest = new URL(`../bench/node_modules/${name}/package.json`, import.meta.url)
  if (!existsSync(manifest)) return undefined
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
