/**
 * A file with our mark may still have been made, or altered, by somebody else. SQLite itself can be made to act by what
 * is in a file: triggers, views and virtual tables run when a table is used. Ours has none, so a file that has is
 * refused, as is one whose tables are not as the migrations make them. Other tables and indexes do nothing by
 * themselves (tools that replicate or analyse a database add theirs): they are left alone.
 */
import type { DatabaseSync } from 'node:sqlite'
import { quote } from '../../core/errors.ts'
import { notADatabase } from './errors.ts'
import { migrations } from './migrations/index.ts'

export interface SchemaObject {
  readonly type: string
  readonly name: string
  readonly sql: string | null
}

/** Table by table, its columns in the form in which they are compared. */
type Shape = ReadonlyMap<string, string>

const OBJECTS = `SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`
const COLUMNS = 'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid'

export interface Foreign {
  /** What would act by itself. */
  readonly active: readonly SchemaObject[]
  /** Names of our tables that are missing, or have other columns. */
  readonly altered: readonly string[]
  /** Tables and indexes that are not ours, and do nothing. */
  readonly idle: readonly SchemaObject[]
}

/** @param version of the file: it is compared with what the migrations up to that one make. */
export function findForeign(db: DatabaseSync, version: number): Foreign {
  const ours = madeByMigrations(db, version)
  const objects = db.prepare(OBJECTS).all() as unknown as readonly SchemaObject[]
  const known = new Set(ours.objects.map(({ name }) => name))
  const active = objects.filter(isActive)
  return {
    active,
    altered: [...ours.shape].flatMap(([table, columns]) => (columns === columnsOf(db, table) ? [] : [table])),
    idle: objects.filter((object) => !known.has(object.name) && !active.includes(object)),
  }
}

/** @throws StoreError */
export function requireNothingForeign(db: DatabaseSync, path: string, version: number): void {
  const { active, altered } = findForeign(db, version)
  const [first] = active
  if (first !== undefined) {
    throw notADatabase(
      path,
      `cannot be opened: it has ${describe(first)}, which ai-workflows never makes and which would act by itself`,
    )
  }
  if (altered.length > 0) {
    throw notADatabase(
      path,
      `cannot be opened, because its table ${quote(altered[0] ?? '')} is not as ai-workflows made it`,
    )
  }
}

export function describe({ type, name, sql }: SchemaObject): string {
  return `${type === 'index' ? 'an' : 'a'} ${isVirtual(sql) ? 'virtual table' : type} ${quote(name)}`
}

function isActive({ type, sql }: SchemaObject): boolean {
  return type === 'trigger' || type === 'view' || isVirtual(sql)
}

function isVirtual(sql: string | null): boolean {
  return sql !== null && /^\s*CREATE\s+VIRTUAL\b/i.test(sql)
}

interface Made {
  readonly objects: readonly SchemaObject[]
  readonly shape: Shape
}

const made = new Map<number, Made>()

function madeByMigrations(like: DatabaseSync, version: number): Made {
  const kept = made.get(version)
  if (kept !== undefined) return kept
  const Database = like.constructor as new (path: string) => DatabaseSync
  const db = new Database(':memory:')
  try {
    for (const migration of migrations) if (migration.version <= version) db.exec(migration.sql)
    const objects = db.prepare(OBJECTS).all() as unknown as readonly SchemaObject[]
    const tables = objects.filter(({ type }) => type === 'table')
    const shape = new Map(tables.map(({ name }) => [name, columnsOf(db, name)]))
    made.set(version, { objects, shape })
    return { objects, shape }
  } finally {
    db.close()
  }
}

function columnsOf(db: DatabaseSync, table: string): string {
  return JSON.stringify(db.prepare(COLUMNS).all(table))
}
