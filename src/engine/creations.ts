/** Runs that are being created to be executed here, by id: one of an id at a time, so that the second finds the first. */
export class Creations {
  readonly #creating = new Map<string, Promise<unknown>>()

  get size(): number {
    return this.#creating.size
  }

  /** @param body creates the run and, before it resolves, has it known as one that is executed here */
  async one<T>(id: string, body: () => Promise<T>): Promise<T> {
    while (this.#creating.has(id)) await this.settled(id)
    const creation = body().finally(() => this.#creating.delete(id))
    this.#creating.set(id, creation)
    return await creation
  }

  /** Resolves when the creation of this id that is under way now, if there is one, has come to its end. */
  async settled(id: string): Promise<void> {
    await this.#creating.get(id)?.catch(() => undefined)
  }
}
