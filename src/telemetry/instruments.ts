import type { Attributes, Counter, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'
import { safely } from './safely.ts'

/** From what is in memory at once to what takes a day. */
const SECONDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400]

/** What is measured. Durations are in seconds, as the semantic conventions want them. What the SDK throws is not passed on. */
export class Instruments {
  readonly #runsStarted: Counter
  readonly #runsEnded: Counter
  readonly #runDuration: Histogram
  readonly #stepsStarted: Counter
  readonly #stepsEnded: Counter
  readonly #attemptDuration: Histogram
  readonly #retries: Counter
  readonly #queueWait: Histogram
  readonly #slotsInUse: UpDownCounter

  constructor(meter: Meter) {
    const counter = (name: string, unit: string, description: string): Counter =>
      meter.createCounter(`ai_workflows.${name}`, { unit, description })
    const duration = (name: string, description: string): Histogram =>
      meter.createHistogram(`ai_workflows.${name}`, {
        unit: 's',
        description,
        advice: { explicitBucketBoundaries: SECONDS },
      })
    this.#runsStarted = counter('run.started', '{run}', 'Runs that were executed for the first time')
    this.#runsEnded = counter('run.ended', '{run}', 'Runs that have ended, or are blocked')
    this.#runDuration = duration('run.duration', 'From the creation of a run to its end')
    this.#stepsStarted = counter('step.started', '{step}', 'Steps whose first attempt has begun')
    this.#stepsEnded = counter('step.ended', '{step}', 'Steps that have their outcome, or were cancelled')
    this.#attemptDuration = duration('step.duration', 'Of each attempt at a step')
    this.#retries = counter('step.retries', '{attempt}', 'Failed attempts that are followed by another')
    this.#queueWait = duration(
      'group.queue_wait',
      'From the beginning of a group to the start of each branch',
    )
    this.#slotsInUse = meter.createUpDownCounter('ai_workflows.group.slots_in_use', {
      unit: '{branch}',
      description: 'Branches of groups that are under way',
    })
  }

  runStarted(attributes: Attributes): void {
    safely(() => this.#runsStarted.add(1, attributes))
  }

  /** @param seconds since the run was created */
  runEnded(attributes: Attributes, seconds: number): void {
    safely(() => {
      this.#runsEnded.add(1, attributes)
      this.#runDuration.record(seconds, attributes)
    })
  }

  stepStarted(attributes: Attributes): void {
    safely(() => this.#stepsStarted.add(1, attributes))
  }

  stepEnded(attributes: Attributes): void {
    safely(() => this.#stepsEnded.add(1, attributes))
  }

  attemptEnded(attributes: Attributes, seconds: number): void {
    safely(() => this.#attemptDuration.record(seconds, attributes))
  }

  retried(attributes: Attributes): void {
    safely(() => this.#retries.add(1, attributes))
  }

  branchStarted(attributes: Attributes, seconds: number): void {
    safely(() => this.#queueWait.record(seconds, attributes))
  }

  slotsChanged(attributes: Attributes, by: number): void {
    if (by !== 0) safely(() => this.#slotsInUse.add(by, attributes))
  }
}
