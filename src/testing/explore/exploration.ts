import { NonDeterminismError } from '../../core/errors.ts'
import { seededRandom } from '../../core/seeded-random.ts'
import {
  type Chooser,
  CRASH,
  Misfit,
  PathChooser,
  RandomChooser,
  type Schedule,
  ScriptChooser,
} from './chooser.ts'
import { closer } from './closer.ts'
import { ExplorationError } from './exploration-error.ts'
import { difference, differentEntry, type Life, Lives, sameEnd, scheduleOf } from './life.ts'
import type { RunEnd } from './live-run.ts'
import type { Plan } from './plan.ts'
import { endText, tell, tellBoth } from './story.ts'

export interface ExplorationOptions {
  readonly orders: number
  /** Most crashes; 0 for none. */
  readonly crashes: number
  readonly orderMatters: boolean
  /** @throws what the user has against it */
  readonly check: (life: Life, schedule: Schedule) => unknown
}

/** Lives that a repetition takes for each schedule, and resumes after its crash. */
const LIVES_TO_REPEAT = 8

/** After so many choices, which recorded so many completions. */
interface CrashPoint {
  readonly at: number
  readonly entries: number
}

/** Lives tried, and compared. What is wrong is thrown, as an `ExplorationError`. */
export class Exploration {
  readonly #plan: Plan
  readonly #options: ExplorationOptions
  readonly #lives: Lives
  /** By their schedules. */
  readonly #orders = new Set<string>()
  /** Beginnings after which a crash was tried. */
  readonly #beginnings = new Set<string>()
  /** By the accidents in it, the first life of those that should have one end. */
  readonly #first = new Map<string, Life>()
  readonly #ends: RunEnd[] = []
  /** Some crashes were left out. */
  #limited = false

  constructor(plan: Plan, options: ExplorationOptions) {
    this.#plan = plan
    this.#options = options
    this.#lives = new Lives(plan)
  }

  get orders(): number {
    return this.#orders.size
  }

  get crashes(): number {
    return this.#beginnings.size
  }

  /** Ends that differ, of the explored run. */
  get ends(): readonly RunEnd[] {
    return this.#ends
  }

  /** @returns whether these were all orders there are, and all crashes */
  async explore(): Promise<boolean> {
    const { orders } = this.#options
    let path: readonly number[] | undefined = []
    while (path !== undefined && this.orders < orders) {
      const chooser: PathChooser = new PathChooser(path)
      await this.#try(chooser)
      path = chooser.next()
      if (this.orders === 1 && chooser.estimate > orders * 4) break
    }
    if (path === undefined) return !this.#limited
    // The first so many of the tree differ in what happens last only.
    for (let index = 0; index < orders; index++)
      await this.#try(new RandomChooser(seededRandom(`${this.#plan.seed} order ${index}`)))
    return false
  }

  /** What hangs on luck may need several lives to show again. */
  async repeat(schedules: readonly Schedule[]): Promise<void> {
    for (const schedule of schedules) {
      const labels = schedule.filter((label) => label !== CRASH)
      let life = await this.#lives.live(new ScriptChooser(labels))
      for (let again = 1; again < LIVES_TO_REPEAT && life.trouble instanceof Misfit; again++)
        life = await this.#lives.live(new ScriptChooser(labels))
      await this.#judge(life, schedule.indexOf(CRASH), LIVES_TO_REPEAT)
    }
  }

  async #try(chooser: Chooser): Promise<void> {
    await this.#judge(await this.#lives.live(chooser), -1, 1)
  }

  /** @param crashAt the only crash to try, after so many choices; -1 for everywhere */
  async #judge(life: Life, crashAt: number, resumes: number): Promise<void> {
    const schedule = scheduleOf(life)
    const id = JSON.stringify(schedule)
    if (life.trouble !== undefined)
      this.#found(`${troubleOf(life)}\n\n${this.#tell(life)}`, [schedule], life.trouble)
    if (this.#orders.has(id)) return
    this.#orders.add(id)
    for (let resumed = 0; resumed < resumes; resumed++) await this.#crashes(life, schedule, crashAt)
    await this.#compare(life)
    await this.#check(life, schedule)
  }

  /**
   * After a crash anywhere, if then the same happens, the run must come to the same. The latest comes first: what
   * contradicts something recorded says more than what merely comes to something else.
   */
  async #crashes(life: Life, schedule: Schedule, crashAt: number): Promise<void> {
    const points = pointsOf(life)
    // Without crashes one order is lived twice all the same.
    const { crashes } = this.#options
    const tried = crashes > 0 ? points.toReversed() : this.orders === 1 ? points.slice(0, 1) : []
    for (const point of tried) {
      const beginning = JSON.stringify(schedule.slice(0, point.at))
      if (crashAt < 0 ? this.#beginnings.has(beginning) : crashAt !== point.at) continue
      if (crashes > 0 && this.crashes >= crashes) this.#limited = true
      if (this.#limited) return
      await this.#crash(life, schedule, point)
      this.#beginnings.add(beginning)
    }
  }

  async #crash(life: Life, schedule: Schedule, { at, entries }: CrashPoint): Promise<void> {
    const plan = this.#plan
    const script = new ScriptChooser(schedule)
    const crashed = await this.#lives.crash(script, entries, life)
    const before = troubleOf(crashed) ?? differentEntry(life.entries, crashed.entries, plan)
    if (before !== undefined)
      this.#found(
        `The same things happen in the same order, and yet the run does something else the second time. ${before}\n\n` +
          `${this.#tell(life)}\n\nThe second time:\n${tell(crashed, plan)}`,
        [schedule],
        crashed.trouble,
      )
    const resumed = await this.#lives.resume(new ScriptChooser(script.rest), crashed.remains)
    const after = troubleOf(resumed) ?? difference(life, resumed, plan)
    if (after === undefined) return
    this.#found(
      `A crash changes what the run does. ${after}\n\n${tell(life, plan, entries)}\n\n` +
        `Without the crash: ${this.#seen(life)}\n` +
        `With the crash: ${resumed.trouble === undefined ? this.#seen(resumed) : 'it does not get there'}`,
      [[...schedule.slice(0, at), CRASH, ...schedule.slice(at)]],
      resumed.trouble,
    )
  }

  async #compare(life: Life): Promise<void> {
    const plan = this.#plan
    if (!this.#ends.some((end) => sameEnd(end, life.end, plan)) && life.end !== undefined)
      this.#ends.push(life.end)
    const first = this.#first.get(life.marks)
    if (first === undefined) this.#first.set(life.marks, life)
    if (first === undefined || this.#options.orderMatters || sameEnd(first.end, life.end, plan)) return
    const [one, other] = await closer(
      first,
      life,
      plan,
      async (schedule) => await this.#lives.live(new ScriptChooser(schedule, false)),
    )
    this.#found(
      'The output depends on the order in which things happen. Say `orderMatters: true` if it may (a race, the first of several ' +
        'failures); otherwise look for something that several branches read and write.\n\n' +
        tellBoth(one, other, plan),
      [scheduleOf(one), scheduleOf(other)],
    )
  }

  async #check(life: Life, schedule: Schedule): Promise<void> {
    try {
      await this.#options.check(life, schedule)
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error)
      this.#found(`\`check\` has refused an outcome: ${said}\n\n${this.#tell(life)}`, [schedule], error)
    }
  }

  #tell(life: Life): string {
    return `${tell(life, this.#plan)}\n  → ${endText(life.end, this.#plan)}`
  }

  #seen(life: Life): string {
    const { codec } = this.#plan
    const observed =
      life.observed === undefined ? '' : `, observed ${JSON.stringify(codec.decode(life.observed))}`
    return `${endText(life.end, this.#plan)}${observed}`
  }

  #found(message: string, schedules: readonly Schedule[], cause?: unknown): never {
    const { touched, seed } = this.#plan
    const hint =
      touched.size === 0
        ? ''
        : `\n\nThe code has used, outside of any step, what no replay repeats: ${[...touched].join(', ')}.`
    throw new ExplorationError(message + hint, { schedules, seed, cause })
  }
}

function pointsOf({ taken }: Life): CrashPoint[] {
  const points = [{ at: 0, entries: 0 }]
  for (const [index, { entry }] of taken.entries())
    if (entry !== undefined) points.push({ at: index + 1, entries: points.length })
  return points
}

function troubleOf({ trouble }: Life): string | undefined {
  if (!(trouble instanceof NonDeterminismError)) return trouble?.message
  const { recordedKey, waitingKeys } = trouble
  const instead =
    waitingKeys.length === 0 ? 'nothing' : waitingKeys.map((key) => JSON.stringify(key)).join(', ')
  return (
    `${JSON.stringify(recordedKey)} is recorded, but now the code does not ask for it, it waits for ${instead}: ` +
    'an engine would park the run.'
  )
}
