import { name as checkName } from '../core/check.ts'
import type { RunHandle } from '../core/ports/engine.ts'
import type { RunStatus } from '../core/ports/store.ts'
import type { WorkflowCode } from '../core/definition.ts'
import type { RunService } from './run-service.ts'

export class Handle<O> implements RunHandle<O> {
  readonly id: string
  readonly #service: () => Promise<RunService>
  readonly #workflow: WorkflowCode | undefined

  constructor(id: string, service: () => Promise<RunService>, workflow: WorkflowCode | undefined) {
    this.id = id
    this.#service = service
    this.#workflow = workflow
  }

  async result(): Promise<O> {
    const service = await this.#service()
    return service.parts.codec.decode(await service.result(this.id, this.#workflow)) as O
  }

  async status(): Promise<RunStatus> {
    const service = await this.#service()
    return (await service.find(this.id)).status
  }

  async cancel(reason?: unknown): Promise<void> {
    const service = await this.#service()
    await service.cancel(this.id, reason, this.#workflow)
  }

  async retry(): Promise<void> {
    const service = await this.#service()
    await service.retry(this.id, this.#workflow)
  }

  async signal(event: string, payload?: unknown): Promise<void> {
    checkName(event, 'signal() event')
    const service = await this.#service()
    await service.signal(this.id, event, payload)
  }
}
