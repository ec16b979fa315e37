import type { GroupCounts, RunEvent, RunEventKind } from '../../core/ports/observer.ts'
import type { RunStatus } from '../../core/ports/store.ts'

export interface GroupProgress {
  readonly key: string
  readonly counts: GroupCounts
  readonly ended: boolean
}

export interface RunProgress {
  readonly id: string
  readonly workflow: string | undefined
  readonly startedAt: number
  readonly recordedSteps: number
  readonly stepsDone: number
  readonly stepsFailed: number
  /** Key of the step that began last. */
  readonly latestStep: string | undefined
  readonly groups: ReadonlyMap<string, GroupProgress>
  readonly status: RunStatus
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
interface MutableRun extends Mutable<Omit<RunProgress, 'groups'>> {
  groups: Map<string, GroupProgress>
  /** Keys of groups that have ended and are still shown. */
  readonly endedGroups: string[]
}

/** Groups that have ended are kept for a while, so that one sees how they did. */
const ENDED_GROUPS = 3

const ENDS: Partial<Readonly<Record<RunEventKind, RunStatus>>> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'run.blocked': 'blocked',
}

/** The status that a run has ended with, if that is what the event says; also of one that can go no further. */
export function endedAs({ kind }: RunEvent): RunStatus | undefined {
  return ENDS[kind]
}

/** How far the runs of this process have come. Children that have ended are counted and forgotten. */
export class ProgressModel {
  readonly #runs = new Map<string, MutableRun>()
  readonly #followed: ReadonlySet<string>
  childrenEnded = 0

  /** @param followed the runs that the command is about: every other one is a child of one of them */
  constructor(followed: ReadonlySet<string>) {
    this.#followed = followed
  }

  /** Those the command is about, then their children, in order of their starts. */
  get runs(): readonly RunProgress[] {
    const all = [...this.#runs.values()]
    return [
      ...all.filter(({ id }) => this.#followed.has(id)),
      ...all.filter(({ id }) => !this.#followed.has(id)),
    ]
  }

  isFollowed(id: string): boolean {
    return this.#followed.has(id)
  }

  get(id: string): RunProgress | undefined {
    return this.#runs.get(id)
  }

  see(event: RunEvent, now: number): void {
    if (event.kind === 'run.started') return this.#started(event, now)
    const run = this.#runs.get(event.run)
    if (run === undefined) return
    const status = endedAs(event)
    if (status !== undefined) this.#ended(run, status)
    else if (event.kind === 'group.started' || event.kind === 'group.progress')
      run.groups.set(event.key, { key: event.key, counts: event.counts, ended: false })
    else if (event.kind === 'group.ended') this.#groupEnded(run, event.key)
    else if (event.kind === 'step.started') run.latestStep = event.key
    else if (event.kind === 'run.waiting') run.status = 'waiting'
    else if (event.kind === 'step.completed') run.stepsDone++
    else if (event.kind === 'step.failed') run.stepsFailed++
  }

  #started(event: RunEvent<'run.started'>, now: number): void {
    const { run: id, workflow, recordedSteps } = event
    const waited = this.#runs.get(id)
    if (waited?.status === 'waiting') {
      waited.status = 'running'
      return
    }
    this.#runs.set(id, {
      id,
      workflow,
      recordedSteps,
      startedAt: now,
      stepsDone: 0,
      stepsFailed: 0,
      latestStep: undefined,
      groups: new Map(),
      endedGroups: [],
      status: 'running',
    })
  }

  #ended(run: MutableRun, status: RunStatus): void {
    run.status = status
    if (this.isFollowed(run.id)) return
    this.#runs.delete(run.id)
    this.childrenEnded++
  }

  #groupEnded(run: MutableRun, key: string): void {
    const group = run.groups.get(key)
    if (group === undefined || group.ended) return
    run.groups.delete(key)
    run.groups.set(key, { ...group, counts: { ...group.counts, running: 0 }, ended: true })
    run.endedGroups.push(key)
    const oldest = run.endedGroups.length > ENDED_GROUPS ? run.endedGroups.shift() : undefined
    if (oldest !== undefined) run.groups.delete(oldest)
  }
}
