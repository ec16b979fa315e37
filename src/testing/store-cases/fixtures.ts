/** Short ways to say what the cases are about. */
import assert from 'node:assert/strict'
import { StoreError, type StoreProblem } from '../../core/errors.ts'
import type { Completion } from '../../core/ports/effects.ts'
import type { Claim, NewRun, Note, RunRecord, Store, Write, ZombieRecord } from '../../core/ports/store.ts'

export function newRun(id: string, rest: Partial<NewRun> = {}): NewRun {
  return {
    id,
    workflow: 'orders',
    input: '{"n":1}',
    parent: undefined,
    source: undefined,
    seed: '0123456789abcdef0123456789abcdef',
    createdAt: 1000,
    ...rest,
  }
}

/** @returns the run as it is stored, created and claimed. */
export async function started(store: Store, id = 'a', owner = 'engine-1'): Promise<Claim> {
  const { run } = await store.createRun(newRun(id))
  return claimed(store, run, owner)
}

export async function claimed(store: Store, run: RunRecord, owner = 'engine-1'): Promise<Claim> {
  const claim = await store.claim({ no: run.no, epoch: run.epoch, owner })
  assert.ok(claim, `run ${run.id} could not be claimed`)
  return claim
}

export async function stored(store: Store, id: string): Promise<RunRecord> {
  const run = await store.getRun(id)
  assert.ok(run, `run ${id} is not there`)
  return run
}

export function stepDone(key: string, payload = '1'): Completion {
  return { kind: 'step-done', key, at: 2000, attempt: 1, startedAt: 1500, payload }
}

type Entry = Extract<Write, { kind: 'completion' }>

export function entry(claim: Claim, seq: number, completion: Completion = stepDone(`step-${seq}`)): Entry {
  return { kind: 'completion', claim, entry: { seq, completion } }
}

export function note(claim: Claim, key: string, rest: Partial<Note> = {}): Write {
  return { kind: 'note', claim, note: { key, at: 1200, kind: 'started', attempt: 1, due: 0, ...rest } }
}

type End = Extract<Write, { kind: 'end' }>

export function end(claim: Claim, status: End['status'], rest: Partial<End> = {}): Write {
  return { kind: 'end', claim, at: 3000, status, ...rest }
}

export function zombie(run: number, rest: Partial<ZombieRecord> = {}): ZombieRecord {
  return { run, key: 'slow', attempt: 1, owner: 'engine-1', since: 2500.5, reason: '"why"', ...rest }
}

export async function keys(store: Store, no: number): Promise<string[]> {
  return (await store.readJournal(no, 0)).map(({ completion }) => completion.key)
}

/** Commits, and insists that nothing was left out. */
export async function commit(store: Store, ...writes: Write[]): Promise<void> {
  const { fenced } = await store.commit(writes)
  assert.deepEqual([...fenced], [])
}

export async function rejectsWith(problem: StoreProblem, promise: Promise<unknown>): Promise<StoreError> {
  const outcome = await promise.then(
    () => assert.fail(`resolved instead of rejecting with ${problem}`),
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof StoreError, `rejected with ${String(outcome)}`)
  assert.equal(outcome.problem, problem)
  return outcome
}
