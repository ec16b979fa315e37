/** A node of Restate: the program of the npm package, on ports and a directory of its own. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { freePort } from './free-port.ts'
import { type Program, startProgram } from './process.ts'

const PLATFORM = `${process.platform}-${process.arch}`

/** @returns where the program is; undefined: the package has none for this platform, or was installed without it */
export function restateProgram(): string | undefined {
  try {
    const program = createRequire(import.meta.url).resolve(
      `@restatedev/restate-server-${PLATFORM}/bin/restate-server`,
    )
    return existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}

export const NO_RESTATE = `@restatedev/restate-server has no program for ${PLATFORM} here`

export interface NodePorts {
  readonly ingress: number
  readonly admin: number
  /** Where the other nodes reach it. */
  readonly node: number
}

export async function nodePorts(): Promise<NodePorts> {
  return { ingress: await freePort(), admin: await freePort(), node: await freePort() }
}

export interface NodeOptions {
  readonly directory: string
  readonly ports: NodePorts
  readonly args?: readonly string[]
  /** Settings of the server, `RESTATE_…`. */
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * Resolves when the node answers at its admin address.
 * @throws there is no program, or it does not start: with what it printed
 */
export async function startNode({ directory, ports, args = [], settings }: NodeOptions): Promise<Program> {
  const program = restateProgram()
  if (program === undefined) throw new Error(NO_RESTATE)
  return await startProgram({
    program,
    args: ['--base-dir', directory, '--no-logo', '--listen-mode', 'tcp', ...args],
    environment: {
      DO_NOT_TRACK: '1',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.node}`,
      ...settings,
    },
    ready: () => answers(`http://127.0.0.1:${ports.admin}/health`),
    stopWith: 'SIGTERM',
  })
}

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}
