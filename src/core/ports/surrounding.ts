/** What is traced, as code that is called inside of it sees it. */
export interface Surrounding {
  /** Calls `body`: what it traces, then and in all that it awaits, nests here. */
  within<T>(body: () => T): T
}
