/** Another process at the same database: does what its arguments say, a line of output for each thing done. */
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '../../src/store/sqlite/index.ts'
import { PIECE } from '../../src/store/sqlite/pieces.ts'
import { entry, newRun, started, stepDone } from '../../src/testing/store-cases/fixtures.ts'

const [, , task = '', path = ''] = process.argv
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const told = (): Promise<unknown> => once(process.stdin, 'data')

const tasks: Readonly<Record<string, () => Promise<void>>> = {
  /** Opens the store when told to, all at the same moment, and creates a run. */
  async open() {
    say('ready')
    await told()
    const store = await sqliteStore({ dir: path })
    const { created } = await store.createRun(newRun('only'))
    await store.close()
    say(created ? 'created' : 'found')
  },
  /** Opens the store and says what is wrong with it. */
  async refuse() {
    const problem = await sqliteStore({ file: path }).then(
      () => 'opened',
      (error: { problem: string; message: string }) => `${error.problem} ${error.message}`,
    )
    say(problem)
  },
  /** The same for a folder. */
  async refuseDir() {
    const problem = await sqliteStore({ dir: path }).then(
      () => 'opened',
      (error: { problem: string; message: string }) => `${error.problem} ${error.message}`,
    )
    say(problem)
  },
  /** Holds the write lock until it is told to let go. */
  async hold() {
    const db = new DatabaseSync(path)
    db.exec(`BEGIN IMMEDIATE; UPDATE runs SET source = 'held'`)
    say('holding')
    await told()
    db.exec('COMMIT')
    db.close()
    say('released')
  },
  /** Reads all the time, and says so. */
  async readOn() {
    const db = new DatabaseSync(path)
    const read = db.prepare('SELECT sum(length(payload)) FROM (SELECT payload FROM journal LIMIT 30)')
    for (let n = 0; ; n++) {
      db.exec('BEGIN')
      read.get()
      db.exec('COMMIT')
      if (n % 100 === 0) say(`${n}`)
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  },
  /** Commits enough for a few checkpoints, and writes down beside the file what is acknowledged. */
  async commitRecorded() {
    const durability = process.env['DURABILITY'] === 'full' ? 'full' : 'process-crash'
    const store = await sqliteStore({ file: path, durability })
    const claim = await started(store, 'a')
    const acknowledgements = openSync(`${path}-ack`, 'w')
    for (let seq = 1; seq <= 120; seq++) {
      await store.commit([
        entry(claim, seq, stepDone(`step-${seq}`, 'x'.repeat(seq % 3 === 0 ? 150_000 : 500))),
      ])
      writeSync(acknowledgements, `${seq}\n`)
    }
    say('done')
    await told()
  },
  /** Commits a small entry, and then one of forty pieces. */
  async commitLarge() {
    const store = await sqliteStore({ file: path })
    const claim = await started(store, 'a')
    await store.commit([entry(claim, 1)])
    say('begun')
    await store.commit([entry(claim, 2, stepDone('k', 'x'.repeat(40 * PIECE)))])
    say('done')
    await told()
  },
  commitUntilBroken: () => commitUntilBroken('a'),
  commitOtherUntilBroken: () => commitUntilBroken('other'),
  commit: () => commitOn('a'),
  commitOther: () => commitOn('other'),
}

/** Commits until it is killed, and says what was acknowledged. */
async function commitOn(id: string): Promise<void> {
  const store = await sqliteStore({ file: path })
  const claim = await started(store, id)
  for (let seq = 1; ; seq++) {
    await store.commit([entry(claim, seq)])
    say(`${seq}`)
  }
}

/** Commits until that fails, then tries again and says what comes of it, whenever it is told to. */
async function commitUntilBroken(id: string): Promise<void> {
  const store = await sqliteStore({ file: path })
  const claim = await started(store, id)
  const outcome = (seq: number): Promise<string> =>
    store.commit([entry(claim, seq)]).then(
      () => `${seq}`,
      ({ problem, message }: { problem: string; message: string }) => `${seq} ${problem} ${message}`,
    )
  for (let seq = 1; ; seq++) {
    const said = await outcome(seq)
    say(said)
    if (said !== `${seq}`) break
  }
  for (;;) {
    await told()
    say(await outcome(Number.MAX_SAFE_INTEGER))
    say(`reads ${(await store.readJournal(claim.no, 0)).length}`)
  }
}

await tasks[task]?.()
process.stdin.unref()
