/** One step of the schema's history. */
export interface Migration {
  /** What `PRAGMA user_version` is afterwards. */
  readonly version: number
  readonly sql: string
}
