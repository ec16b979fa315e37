import { anything, checkOptions, name as checkName, operationKey } from '../core/check.ts'
import type { Codec } from '../core/codec/codec.ts'
import { encodeInput } from '../core/encode-input.ts'
import type { ForkOptions, RunHandle, RunRetryOptions, Zombie } from '../core/ports/engine.ts'
import type { Encoded } from '../core/ports/effects.ts'
import type { RunStatus } from '../core/ports/store.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { RunService } from './run-service.ts'
import { zombiesOf } from './zombies.ts'

const RETRY = { fromStep: operationKey }
const FORK = { fromStep: operationKey, input: anything, id: checkName }

export class Handle<O> implements RunHandle<O> {
  readonly id: string
  readonly #codec: Codec
  readonly #service: () => Promise<RunService>
  readonly #workflow: WorkflowCode | undefined

  constructor(
    id: string,
    codec: Codec,
    service: () => Promise<RunService>,
    workflow: WorkflowCode | undefined,
  ) {
    this.id = id
    this.#codec = codec
    this.#service = service
    this.#workflow = workflow
  }

  async result(): Promise<O> {
    const service = await this.#service()
    const encoded = await service.result(this.id, this.#workflow)
    await this.#codec.decodeAhead(encoded)
    return this.#codec.decode(encoded) as O
  }

  async status(): Promise<RunStatus> {
    const service = await this.#service()
    return (await service.find(this.id)).status
  }

  async cancel(reason?: unknown): Promise<void> {
    const encoded = this.#codec.encodeError(reason)
    const service = await this.#service()
    await service.cancel(this.id, encoded, this.#workflow)
  }

  async zombies(): Promise<readonly Zombie[]> {
    const service = await this.#service()
    return await zombiesOf(service.parts, await service.find(this.id))
  }

  async retry(options: RunRetryOptions = {}): Promise<void> {
    checkOptions('retry()', options, RETRY)
    const { fromStep } = options
    const service = await this.#service()
    await service.retry(this.id, this.#workflow, fromStep)
  }

  async fork(options: ForkOptions = {}): Promise<RunHandle<O>> {
    checkOptions('fork()', options, FORK)
    const { fromStep, id, input } = options
    const workflow = this.#workflow
    // Before anything is waited for: what the caller does to the input later is not part of the run.
    const encoded = input === undefined ? undefined : await this.#encoded(input)
    const service = await this.#service()
    const { id: forked } = await service.fork(this.id, workflow, { fromStep, id, input: encoded })
    return new Handle<O>(forked, this.#codec, this.#service, workflow)
  }

  #encoded(input: unknown): Encoded | Promise<Encoded> {
    const workflow = this.#workflow
    return workflow === undefined
      ? this.#codec.encode(input, 'input')
      : encodeInput(this.#codec, workflow, input)
  }

  async signal(event: string, payload?: unknown): Promise<void> {
    checkName(event, 'signal() event')
    const encoded = this.#codec.encode(payload, 'payload')
    const service = await this.#service()
    await service.signal(this.id, event, encoded)
  }
}
