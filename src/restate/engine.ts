import { randomUUID } from 'node:crypto'
import { type Check, checkOptions, duration, name as checkName, positiveInteger } from '../core/check.ts'
import { createCodec, type Codec } from '../core/codec/codec.ts'
import { erased, type WorkflowCode } from '../core/definition.ts'
import { type Duration, milliseconds, show } from '../core/duration.ts'
import { encodeInput } from '../core/encode-input.ts'
import { RunConflictError } from '../core/errors.ts'
import type { Engine, RunHandle, StartOptions } from '../core/ports/engine.ts'
import { sameValue } from '../core/same-value.ts'
import { systemClock } from '../core/system-clock.ts'
import { findRuns, type RestateRun, type RestateRunFilter } from './admin.ts'
import { list, url } from './checks.ts'
import { Client } from './client.ts'
import { Handle } from './handle.ts'
import { Endpoint } from './http.ts'
import type { Begin } from './messages.ts'
import { requireServiceName } from './served.ts'

export interface RestateOptions {
  /** Where Restate takes requests, such as `http://localhost:8080`. */
  readonly ingress: string
  /**
   * Its admin address, such as `http://localhost:9070`: for `list()`, `retry()` of a blocked run, an exact `status()`, and a
   * `result()` that notices that its run is blocked.
   */
  readonly admin?: string
  /** Sent with every request: `{ authorization: … }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long `result()` goes on asking while Restate cannot be reached. Default 30 seconds. */
  readonly patience?: Duration
  /** Classes whose instances (errors among them) may be stored and come back as instances. */
  readonly classes?: readonly (new (...args: never[]) => object)[]
}

const headers: Check = (value, what) => {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${what}: expected an object of headers, got ${show(value)}`)
}

const CHECKS = { ingress: url, admin: url, headers, patience: duration, classes: list }

/** Starts and watches runs on a Restate cluster, from anywhere. */
export interface RestateEngine extends Engine {
  /**
   * Newest first.
   * @throws {TypeError} there is no `admin`
   */
  list(filter?: RestateRunFilter, page?: { readonly limit: number }): Promise<readonly RestateRun[]>
}

/**
 * The engine for `orders.start(input, { engine })`: runs are executed by whoever serves the workflow (`serve`).
 * @throws {TypeError} a bad option
 */
export function restate(options: RestateOptions): RestateEngine {
  checkOptions('restate()', options ?? null, CHECKS)
  url((options as Partial<RestateOptions>).ingress, 'restate() option "ingress"')
  const { ingress, admin, patience = '30s' } = options
  const client = new Client(
    new Endpoint(ingress, 'ingress', options.headers),
    admin === undefined ? undefined : new Endpoint(admin, 'admin', options.headers),
    milliseconds(patience, 'patience'),
    systemClock,
  )
  return new Starter(client, createCodec(options.classes))
}

class Starter implements RestateEngine {
  readonly #client: Client
  readonly #codec: Codec

  constructor(client: Client, codec: Codec) {
    this.#client = client
    this.#codec = codec
  }

  async start<I, O>(
    workflow: WorkflowCode<I, O>,
    input: I,
    { id = randomUUID() }: StartOptions = {},
  ): Promise<RunHandle<O>> {
    const service = nameOf(workflow)
    const encoded = await encodeInput(this.#codec, erased(workflow), input)
    const seed = randomUUID().replaceAll('-', '')
    const isNew = await this.#client.begin(service, id, { input: encoded, seed, createdAt: Date.now() })
    if (!isNew) this.#requireSame(id, encoded, await this.#client.about(service, id))
    return this.get(workflow, id)
  }

  get<I, O>(workflow: WorkflowCode<I, O>, id: string): RunHandle<O> {
    return new Handle<O>({ service: nameOf(workflow), id }, this.#client, this.#codec)
  }

  async list(
    filter: RestateRunFilter = {},
    { limit }: { readonly limit: number } = { limit: 100 },
  ): Promise<readonly RestateRun[]> {
    checkOptions('list()', filter, { workflow: checkName, id: checkName })
    positiveInteger(limit, 'list() option "limit"')
    return await findRuns(this.#client.requireAdmin('list()'), filter, limit)
  }

  /** M12 */
  #requireSame(id: string, input: string, begun: Begin): void {
    if (begun.parent !== undefined)
      throw new RunConflictError(id, `as a child of run ${JSON.stringify(begun.parent.id)}`)
    if (!sameValue(this.#codec, begun.input, input)) throw new RunConflictError(id, 'with another input')
  }
}

/** @throws {TypeError} Restate could not find it */
function nameOf({ name }: Pick<WorkflowCode, 'name'>): string {
  if (name === undefined)
    throw new TypeError(
      'Restate finds a workflow by its name: give it one, as in workflow({ name, execute })',
    )
  requireServiceName(name)
  return name
}
