import { quote, RunNotFoundError, StoreError } from '../core/errors.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { RestateRun } from './admin.ts'
import { findRuns, pausedBecause } from './admin.ts'
import { causeOf } from './changed-code.ts'
import { type TerminalFailure } from './failure.ts'
import { type Answer, type Endpoint, problemIn } from './http.ts'
import { ABOUT, type Begin, type Completed, RUN, SUCCESSOR } from './messages.ts'

/** A run, as Restate finds it. */
export interface RunPlace {
  readonly service: string
  readonly id: string
}

export type Ended = { readonly completed: Completed } | { readonly failure: TerminalFailure }

const OK = 200
const NOT_FOUND = 404
/** Restate's own: the run has not ended. */
const NOT_READY = 470

/** How often to ask again what cannot be waited for, in milliseconds. */
const LOOK = 200

/** What can be asked of Restate about runs. */
export class Client {
  readonly #ingress: Endpoint
  readonly #admin: Endpoint | undefined
  readonly #patience: number
  readonly #clock: Clock

  /** @param patience milliseconds to go on asking while nobody answers */
  constructor(ingress: Endpoint, admin: Endpoint | undefined, patience: number, clock: Clock) {
    this.#ingress = ingress
    this.#admin = admin
    this.#patience = patience
    this.#clock = clock
  }

  /** @throws {TypeError} */
  requireAdmin(what: string): Endpoint {
    if (this.#admin !== undefined) return this.#admin
    throw new TypeError(
      `${what} needs Restate's admin address: restate({ ingress: '${this.#ingress.url}', admin: 'http://…:9070' })`,
    )
  }

  /** @returns whether there was no such run */
  async begin(service: string, id: string, begin: Begin): Promise<boolean> {
    const answer = await this.#ingress.ask('POST', `${pathOf({ service, id })}/${RUN}/send`, begin)
    if (answer.status >= 300) throw this.#refused(answer, service, `start run ${quote(id)}`)
    return (answer.body as { readonly status: string }).status === 'Accepted'
  }

  /** What the run was started with, as soon as it has begun. */
  async about(service: string, id: string): Promise<Begin> {
    for (;;) {
      const about = (await this.post({ service, id }, ABOUT)) as Begin | null
      if (about !== null) return about
      await this.#pause()
    }
  }

  /** Calls one of the run's other handlers. */
  async post(place: RunPlace, handler: string, body?: unknown): Promise<unknown> {
    const answer = await this.#ingress.ask('POST', `${pathOf(place)}/${handler}`, body)
    if (answer.status !== OK)
      throw this.#refused(answer, place.service, `ask run ${quote(place.id)} (${handler})`)
    return answer.body
  }

  /**
   * @returns undefined while the run has not ended
   * @throws {RunNotFoundError}
   */
  async ended(place: RunPlace): Promise<Ended | undefined> {
    return this.#endedBy(await this.#ingress.ask('GET', `/restate/workflow${pathOf(place)}/output`), place)
  }

  /**
   * Waits for the run's end, also while Restate is away for a while.
   * @throws {RunNotFoundError}
   * @throws {StoreError} it stays away
   */
  async end(place: RunPlace, left: AbortSignal): Promise<Ended> {
    const path = `/restate/workflow${pathOf(place)}/attach`
    for (;;) {
      const ended = await this.#patiently(async () =>
        this.#endedBy(await this.#ingress.ask('GET', path, undefined, left), place),
      )
      if (ended !== undefined) return ended
      await this.#pause()
    }
  }

  /** Why a run that is blocked is. */
  async whyBlocked(run: RestateRun): Promise<Error> {
    return causeOf(run.id, await pausedBecause(this.requireAdmin('result()'), run))
  }

  /** The execution that repeats this one. */
  async successor(place: RunPlace): Promise<RunPlace | undefined> {
    const id = (await this.#patiently(() => this.post(place, SUCCESSOR))) as string | null
    return id === null ? undefined : { ...place, id }
  }

  /** Lets a paused invocation go on, where its workflow is served now. */
  async resume(invocation: string): Promise<void> {
    const admin = this.requireAdmin('retry()')
    const answer = await admin.ask('PATCH', `/invocations/${invocation}/resume?deployment=latest`)
    if (answer.status >= 300) throw admin.refused(answer, `resume ${invocation}`)
  }

  get canLook(): boolean {
    return this.#admin !== undefined
  }

  /** The run as Restate's tables tell of it; undefined where they cannot be asked. */
  async look({ service: workflow, id }: RunPlace): Promise<RestateRun | undefined> {
    if (this.#admin === undefined) return undefined
    const [run] = await findRuns(this.#admin, { workflow, id }, 1)
    return run
  }

  #endedBy({ status, body }: Answer, { service, id }: RunPlace): Ended | undefined {
    if (status === OK) return { completed: body as Completed }
    if (status === NOT_READY) return undefined
    const where = `Restate at ${this.#ingress.url}`
    if (status === NOT_FOUND) throw new RunNotFoundError(id, `${where}, workflow ${quote(service)}`)
    const {
      code = status,
      metadata,
      source,
    } = body as Partial<TerminalFailure> & { readonly source?: string }
    if (source === 'invocation') return { failure: { message: problemIn(body), code, metadata } }
    throw new StoreError(
      'unreachable',
      `${where} cannot say how run ${quote(id)} has ended: ${problemIn(body)}`,
    )
  }

  /** For what may be asked again: while Restate is away, up to a limit. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    const since = this.#clock.steady()
    for (;;) {
      try {
        return await ask()
      } catch (error) {
        const isAway = error instanceof StoreError && error.problem === 'unreachable'
        if (!isAway || this.#clock.steady() - since > this.#patience) throw error
      }
      await this.#pause()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(LOOK, resolve))
  }

  #refused(answer: Answer, service: string, what: string): StoreError {
    if (answer.status !== NOT_FOUND) return this.#ingress.refused(answer, what)
    return new StoreError(
      'missing',
      `Restate at ${this.#ingress.url} knows no workflow ${quote(service)}: serve it, and register what serves it (serve({ workflows, admin }), or \`ai-workflows serve <file> --restate <admin address>\`)`,
    )
  }
}

function pathOf({ service, id }: RunPlace): string {
  return `/${encodeURIComponent(service)}/${encodeURIComponent(id)}`
}
