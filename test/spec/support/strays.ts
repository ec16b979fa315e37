import { afterEach, beforeEach, expect } from 'vitest'
import { quiet } from './gate.ts'

/** For the top of a file: no test of it leaves a rejection that nobody handles (E6). @returns those of the test that runs */
export function expectNoStrays(): unknown[] {
  const strays: unknown[] = []
  const onStray = (error: unknown): void => void strays.push(error)
  beforeEach(() => {
    strays.length = 0
    process.on('unhandledRejection', onStray)
  })
  afterEach(async () => {
    await quiet()
    process.off('unhandledRejection', onStray)
    expect(strays).toEqual([])
  })
  return strays
}
