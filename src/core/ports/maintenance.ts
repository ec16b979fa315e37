/** Looking after a place on disk. Plain typed results: whoever shows them to people decides how. */

/** `damage`: something recorded cannot be relied on. `problem`: needs a hand. `note`: worth knowing. */
export type Severity = 'damage' | 'problem' | 'note'

export interface Finding {
  readonly severity: Severity
  /** What was found, and where. */
  readonly message: string
  /** What to do about it. */
  readonly advice: string
}

export interface Diagnosis {
  /** The file that was examined. */
  readonly location: string
  /** Nothing is damaged, and nothing needs a hand. */
  readonly healthy: boolean
  /** The worst first. */
  readonly findings: readonly Finding[]
  /** Absent when the file cannot be read as far as that. */
  readonly size: StoreSize | undefined
}

export interface StoreSize {
  readonly runs: number
  readonly journalEntries: number
  /** Of the database file. */
  readonly bytes: number
  /** Of those, free: used again for what comes next, or given back by `vacuum`. */
  readonly freeBytes: number
  /** Of the write-ahead log beside it. */
  readonly logBytes: number
}

export interface BackupReport {
  readonly path: string
  readonly bytes: number
}

export interface VacuumReport {
  /** Size of the file before and after. */
  readonly bytesBefore: number
  readonly bytes: number
  /** Free space that only a `full` vacuum can give back: the file was made by an older version. */
  readonly needsFull: boolean
}

export interface Maintenance {
  /**
   * A copy as of one moment, while others go on writing. The event loop is not blocked.
   * @param path must not exist yet; nothing is there unless the copy is whole and on disk.
   * @throws StoreError
   */
  backup(path: string): Promise<BackupReport>
  /**
   * Gives free space back to the disk, a little at a time, between other writes. `full` rewrites the whole file instead:
   * everything else waits, and the disk needs room for a second copy.
   * @throws StoreError
   */
  vacuum(options?: { readonly full?: boolean }): Promise<VacuumReport>
  /** Examines everything and changes nothing. Never throws for what it finds. */
  doctor(): Promise<Diagnosis>
}
