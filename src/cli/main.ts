#!/usr/bin/env node
import { versionProblem } from './node-version.ts'
import { silenceExpectedWarnings } from './quiet-warnings.ts'

const problem = versionProblem(process.version)
if (problem === undefined) void main()
else {
  process.stderr.write(`error: ${problem}\n`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  silenceExpectedWarnings()
  // Whoever reads our output has seen enough (`ai-workflows list | head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  // Nobody listens to what is said on the way: the run goes on all the same.
  process.stderr.on('error', () => undefined)
  const { runProgram } = await import('./program.ts')
  const exitCode = await runProgram(process.argv.slice(2))
  // Not left to the event loop: what a workflow's code has left open (a pool, a step that ignores its signal) would hold it.
  process.exit(exitCode)
}
