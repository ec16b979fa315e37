import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { messageOf } from '../../core/errors.ts'
import { CommandError, usageError } from '../failure.ts'
import { EXIT } from '../exit-codes.ts'

export interface Listening {
  readonly port: number
  /** Ends every connection too. */
  close(): Promise<void>
}

/** Tried one after another when the first is occupied and nobody asked for it. */
const DEFAULT_PORTS: readonly number[] = Array.from({ length: 20 }, (_, at) => 7373 + at)

/**
 * @param port undefined: the default one, or the next that is free
 * @throws {CommandError} the port is occupied, or may not be used
 */
export async function listen(
  fetch: (request: Request) => Promise<Response>,
  host: string,
  port: number | undefined,
): Promise<Listening> {
  for (const each of port === undefined ? DEFAULT_PORTS : [port]) {
    const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server
    try {
      return await listening(server, host, each)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' && port === undefined) continue
      throw problemOf(error, code, host, each)
    }
  }
  throw new CommandError(
    EXIT.conflict,
    `Ports 7373 to 7392 of ${host} are all in use: choose one with --port`,
  )
}

function listening(server: Server, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const address = server.address()
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}

function problemOf(error: unknown, code: string | undefined, host: string, port: number): Error {
  if (code === 'EADDRINUSE')
    return new CommandError(
      EXIT.conflict,
      `Port ${port} of ${host} is in use by another program: choose another with --port, or leave it out`,
    )
  if (code === 'EACCES') return usageError(`Port ${port} may not be used by this user: choose one above 1023`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return usageError(`--host ${host} is no address of this machine`)
  return usageError(`Cannot listen at ${host}, port ${port}: ${messageOf(error)}`, error)
}
