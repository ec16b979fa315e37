/** What is being begun: an engine that stops lets it end first. */
export class Beginnings {
  readonly #underWay = new Set<Promise<unknown>>()

  async run<T>(body: () => Promise<T>): Promise<T> {
    const begun = body()
    this.#underWay.add(begun)
    try {
      return await begun
    } finally {
      this.#underWay.delete(begun)
    }
  }

  /** Resolves when all that are under way have ended, however. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }
}
