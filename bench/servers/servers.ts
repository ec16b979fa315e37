/**
 * Servers that peers need. They are looked for, never installed; each measurement gets one of its own, on the loopback
 * interface, with an empty directory, and it is stopped when the measurement is over.
 */
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'
import { restate } from './restate.ts'
import type { ServerKind, ServerName } from './server.ts'

export const SERVERS: Readonly<Record<ServerName, ServerKind>> = { postgres, redis, restate }
