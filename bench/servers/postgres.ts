import { execFile, execFileSync } from 'node:child_process'
import { chownSync, globSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { bytesIn, findProgram, startProgram, versionOf } from './process.ts'
import type { ServerKind } from './server.ts'

const run = promisify(execFile)
/** It refuses to run as root; Debian's package makes this user. */
const USER = 'postgres'

export const postgres: ServerKind = {
  find: () => {
    const newestFirst = globSync('/usr/lib/postgresql/*/bin').sort().toReversed()
    const initdb = findProgram('initdb', newestFirst)
    if (initdb === undefined) return 'no PostgreSQL was found (Debian: apt install postgresql)'
    const user = process.getuid?.() === 0 ? unprivileged() : undefined
    if (typeof user === 'string') return user
    // The programs lie beside each other; what PATH holds may be a link to one of them.
    const programs = dirname(realpathSync(initdb))
    const program = (name: string): string => join(programs, name)
    return {
      version: versionOf(program('postgres')),
      start: async (directory) => {
        const data = join(directory, 'data')
        if (user !== undefined) chownSync(directory, user.uid, user.gid)
        const cluster = ['-D', data, '-U', USER, '--auth=trust', '--encoding=UTF8', '--no-sync']
        await run(program('initdb'), cluster, { ...user })
        const port = await freePort()
        const where = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '']
        const args = [...where, '-c', 'max_connections=200']
        const ready = async (): Promise<boolean> =>
          run(program('pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).then(
            () => true,
            () => false,
          )
        const { stop } = await startProgram({
          program: program('postgres'),
          args,
          user,
          ready,
          stopWith: 'SIGINT',
        })
        const url = `postgres://${USER}@127.0.0.1:${port}/postgres`
        return { url, bytes: () => bytesIn(join(data, 'base')), stop }
      },
    }
  },
}

function unprivileged(): { uid: number; gid: number } | string {
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, USER], { stdio: 'pipe' })))
    if (uid !== undefined && gid !== undefined) return { uid, gid }
  } catch {
    // no such user
  }
  return `PostgreSQL refuses to run as root, and there is no user ${USER} to run it as`
}
