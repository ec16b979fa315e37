/** The workflow: one step per installed package, and one that puts them together. */
import { join } from 'node:path'
import { parallel, step, workflow, type Workflow } from 'ai-workflows'
import { findPackages } from './find-packages.ts'
import { readPackage } from './read-package.ts'
import { type Summary, summarise } from './summarise.ts'
import { writeReport } from './write-report.ts'

export interface AuditInput {
  /** The directory whose `node_modules` is audited. */
  readonly root: string
  /** Where the report goes. */
  readonly report: string
}

/** Key of the group in the journal and in what the engine's observers are told. */
export const PACKAGES = 'packages'

/** Steps of an audit of so many packages: the list, each package, the report. */
export function stepsOf(packages: number): number {
  return packages + 2
}

/**
 * How many packages are read at once is no part of a run's identity: an audit that was interrupted may be continued
 * with another limit.
 */
export function auditWith(concurrency: number): Workflow<AuditInput, Summary> {
  return workflow({
    name: 'audit',
    execute: async (_ctx, { root, report }: AuditInput): Promise<Summary> => {
      // What is installed may change before a restart. What was found is recorded, so a replay sees the same list.
      const paths = await step('find packages', () => findPackages(root))

      // Fan-out. A package that cannot be read is a finding, not the end of the audit.
      const outcomes = await parallel(
        paths.map((path) => step(`read ${path}`, ({ signal }) => readPackage(join(root, path), signal))),
        { name: PACKAGES, concurrency, settle: true },
      )

      // Fan-in. The file may be held by an editor or a virus scanner for a moment, the disk be full for longer.
      return await step('write report', () => writeReport(report, summarise(root, paths, outcomes)), {
        retry: { maxAttempts: 5, initialDelay: '200ms' },
      })
    },
  })
}
