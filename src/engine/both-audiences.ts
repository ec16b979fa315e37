import type { GroupAudience, Grouped, Progressing } from '../core/ports/observer.ts'

/** Two who are told of the groups of a run. */
export class BothAudiences implements GroupAudience {
  readonly #both: readonly [GroupAudience, GroupAudience]

  constructor(one: GroupAudience, other: GroupAudience) {
    this.#both = [one, other]
  }

  groupBegan(group: Grouped, before: number | undefined): void {
    for (const audience of this.#both) audience.groupBegan(group, before)
  }

  groupChanged(group: Progressing, before: number | undefined): void {
    for (const audience of this.#both) audience.groupChanged(group, before)
  }

  groupEnded(group: Progressing, before: number | undefined): void {
    for (const audience of this.#both) audience.groupEnded(group, before)
  }

  caughtUp(): void {
    for (const audience of this.#both) audience.caughtUp()
  }
}
