import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WorkflowCode } from 'ai-workflows'
import {
  restate,
  type RestateEngine,
  serve,
  type ServeOptions,
  type WorkflowServer,
} from 'ai-workflows/restate'
import { onTestFinished } from 'vitest'
import { LogBook } from '../../spec/support/sandbox.ts'
import type { Restate } from './node.ts'

/** A process' share in a Restate server: what it serves, and an engine to start it. */
export interface Home {
  readonly engine: RestateEngine
  readonly log: LogBook
  readonly address: string
  /** Serves these instead, at the same address: what a deploy in place does. */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  deploy(workflows: readonly WorkflowCode<any>[]): Promise<void>
  /** Leaves everything as a crash does. */
  leave(): Promise<void>
}

export async function home(
  node: Pick<Restate, 'ingress' | 'admin'>,
  // oxlint-disable-next-line no-explicit-any -- as above
  workflows: readonly WorkflowCode<any>[],
  options: Partial<ServeOptions> = {},
): Promise<Home> {
  const log = new LogBook()
  const { admin, ingress } = node
  let server: WorkflowServer | undefined
  let port = 0
  const leave = async (): Promise<void> => {
    await server?.stop({ grace: 0 })
    server = undefined
  }
  const deploy: Home['deploy'] = async (served) => {
    await leave()
    // The first time it is not known yet which port is free.
    server = await serve({
      workflows: served,
      log,
      host: '127.0.0.1',
      port,
      ...(port === 0 ? {} : registered()),
      ...options,
    })
    if (port !== 0) return
    port = server.port
    await deploy(served)
  }
  const registered = (): Pick<ServeOptions, 'admin' | 'address'> => ({
    admin,
    address: `http://127.0.0.1:${port}`,
  })
  onTestFinished(leave)
  await deploy(workflows)
  return { engine: restate({ ingress, admin }), log, address: `http://127.0.0.1:${port}`, deploy, leave }
}

export function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'restate-test-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
