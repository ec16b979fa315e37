/** What peers with a server need of it. */
export type ServerName = 'postgres' | 'redis' | 'restate'

export interface ServerKind {
  /** How to start it; or a text: why it cannot be. */
  readonly find: () => Installed | string
}

export interface Installed {
  readonly version: string
  /** Resolves when it answers. */
  readonly start: (directory: string) => Promise<RunningServer>
}

export interface RunningServer {
  /** Where it listens; in Restate's case two addresses, of its ingress and its administration. */
  readonly url: string
  /** What the records take: bytes in files of the directory, without preallocated logs. */
  readonly bytes: () => number
  readonly stop: () => Promise<void>
}
