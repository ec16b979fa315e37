import { name as checkName } from '../core/check.ts'
import type { Codec } from '../core/codec/codec.ts'
import type { RunHandle, Zombie } from '../core/ports/engine.ts'
import type { RunStatus } from '../core/ports/store.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { RunService } from './run-service.ts'
import { zombiesOf } from './zombies.ts'

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
    return this.#codec.decode(await service.result(this.id, this.#workflow)) as O
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

  async retry(): Promise<void> {
    const service = await this.#service()
    await service.retry(this.id, this.#workflow)
  }

  async signal(event: string, payload?: unknown): Promise<void> {
    checkName(event, 'signal() event')
    const encoded = this.#codec.encode(payload, 'payload')
    const service = await this.#service()
    await service.signal(this.id, event, encoded)
  }
}
