import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createEndpointHandler, TerminalError } from '@restatedev/restate-sdk'
import { checkOptions, duration, having, name as checkName } from '../core/check.ts'
import { createCodec } from '../core/codec/codec.ts'
import { consoleLogger } from '../core/console-logger.ts'
import { erased, type WorkflowCode } from '../core/definition.ts'
import { type Duration, milliseconds } from '../core/duration.ts'
import { CancelledError, messageOf, StoreError } from '../core/errors.ts'
import { givenLogger } from '../core/given-logger.ts'
import { atLeast, unfailing } from '../core/log-wrappers.ts'
import type { Logger } from '../core/ports/logger.ts'
import { systemClock } from '../core/system-clock.ts'
import { list, port, url } from './checks.ts'
import type { Pausing } from './changed-code.ts'
import { Endpoint } from './http.ts'
import { InProgress } from './in-progress.ts'
import { register } from './register.ts'
import { asService } from './service.ts'
import { placesIn, servedNames, type Served } from './served.ts'

export interface ServeOptions {
  /** What is executed here: workflows with names, or, for those without one, under the names of a record. */
  // oxlint-disable-next-line no-explicit-any -- workflows of any inputs, together in one list
  readonly workflows: readonly WorkflowCode<any>[] | Readonly<Record<string, WorkflowCode<any>>>
  /** Where Restate calls this process. Default 9080; 0 takes a free one. */
  readonly port?: number
  /** The address to listen at. Default: every one of this machine. */
  readonly host?: string
  /** Restate's admin address, such as `http://localhost:9070`: registers what is served there. Default: you do that. */
  readonly admin?: string
  /** How Restate reaches this process, to be registered. Default `http://localhost:<port>`. */
  readonly address?: string
  /** Lets only those Restate servers in that sign with one of these public keys (`publickeyv1_…`). Default: everybody. */
  readonly identityKeys?: readonly string[]
  /** How long Restate remembers an ended run: its result, and that its id is taken. Default 7 days. */
  readonly keep?: Duration
  /**
   * How long a run may have nothing to record before Restate puts it away: one that only waits leaves memory then. One whose
   * steps run goes on until the next of them ends; the others begin anew then. So make it longer than your longest step.
   * Default 1 hour.
   */
  readonly inactivity?: Duration
  /** How long a replay may make no progress before the run is paused (D5). Default 5 seconds. */
  readonly patience?: Duration
  /** Classes whose instances (errors among them) may be stored and come back as instances. */
  readonly classes?: readonly (new (...args: never[]) => object)[]
  /** Where messages of workflows (`ctx.log`) and of the server go. Default: a line each, to standard error. */
  readonly log?: Logger
}

export interface WorkflowServer {
  readonly port: number
  /**
   * Takes no more work, lets running steps end within `grace` (default 5 seconds) and aborts the rest. Restate lets their runs
   * go on elsewhere, or here when it is back.
   */
  stop(options?: { readonly grace?: Duration }): Promise<void>
}

const CHECKS = {
  workflows: () => undefined,
  port,
  host: checkName,
  admin: url,
  address: url,
  identityKeys: list,
  keep: duration,
  inactivity: duration,
  patience: duration,
  classes: list,
  log: having('debug', 'info', 'warn', 'error'),
}

/**
 * Executes runs of these workflows in this process, whenever a Restate server asks for it.
 * @throws {TypeError} a bad option; a workflow without a name, with one that Restate does not take, or two of one name
 * @throws {StoreError} the port is taken; with `admin`, Restate cannot be reached there or refuses
 */
export async function serve(options: ServeOptions): Promise<WorkflowServer> {
  checkOptions('serve()', options ?? null, CHECKS)
  const served = servedNames(options.workflows)
  const log = unfailing(options.log === undefined ? atLeast('info', consoleLogger) : givenLogger(options.log))
  const running = new InProgress()
  const server = createServer(handlerOf(served, options, log, running))
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  const bound = await listen(server, options)
  const stop = async (grace: number): Promise<void> => {
    server.close()
    await running.end(grace, systemClock)
    for (const session of sessions) session.destroy()
  }
  try {
    await register(served, { ...options, address: options.address ?? `http://localhost:${bound}` }, log)
  } catch (error) {
    await stop(0)
    throw error
  }
  return {
    port: bound,
    stop: async (given = {}) => {
      checkOptions('stop()', given, { grace: duration })
      await stop(milliseconds(given.grace ?? '5s', 'grace'))
    },
  }
}

function handlerOf(
  served: Served,
  { keep = '7d', inactivity = '1h', patience = '5s', classes, identityKeys, admin }: ServeOptions,
  log: Logger,
  running: InProgress,
): ReturnType<typeof createEndpointHandler> {
  const codec = createCodec(classes)
  const parts = {
    codec,
    log,
    clock: systemClock,
    patience: milliseconds(patience, 'patience'),
    placeOf: placesIn(served),
    running,
    pause: pauseBy(admin),
  }
  const times = { keep: milliseconds(keep, 'keep'), inactivity: milliseconds(inactivity, 'inactivity') }
  return createEndpointHandler({
    services: [...served].map(([name, workflow]) => asService(name, erased(workflow), parts, times)),
    // Restate's own messages: of the code and its steps, we tell ourselves.
    logger: (meta, ...message) => {
      const level: string = meta.level
      if (level !== 'warn' && level !== 'error') return
      const text = message.map((part) => messageOf(part)).join(' ')
      log[isExpected(message, text) ? 'debug' : level](text)
    },
    ...(identityKeys === undefined ? {} : { identityKeys: [...identityKeys] }),
  })
}

/**
 * That a run failed is told by whoever asks for its result, one that is left here, or whose connection is lost, goes on elsewhere, and that everybody may call is
 * what `identityKeys` says.
 */
function isExpected(message: readonly unknown[], text: string): boolean {
  return (
    message.some((part) => part instanceof TerminalError || part instanceof CancelledError) ||
    /^Accepting requests without|abort error from connection|Premature close|Connection closed|ECANCELED|write after end/.test(
      text,
    )
  )
}

function pauseBy(admin: string | undefined): Pausing['pause'] {
  if (admin === undefined) return undefined
  const restate = new Endpoint(admin, 'admin')
  return async (invocation) => {
    const answer = await restate.ask('PATCH', `/invocations/${invocation}/pause`)
    if (answer.status >= 300) throw restate.refused(answer, `pause ${invocation}`)
  }
}

async function listen(server: Http2Server, { port: wanted = 9080, host }: ServeOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      const why = taken ? `port ${wanted} is taken: choose another with \`port\`` : messageOf(error)
      reject(new StoreError('unreachable', `Workflows cannot be served: ${why}`, error))
    })
    server.listen(wanted, host, resolve)
  })
  return (server.address() as AddressInfo).port
}
