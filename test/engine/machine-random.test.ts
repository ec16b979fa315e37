import type * as FileSystem from 'node:fs'
import { beforeEach, describe, expect, test, vi } from 'vitest'

const fs = vi.hoisted(() => ({
  openSync: vi.fn<typeof FileSystem.openSync>(),
  fstatSync: vi.fn<() => { isCharacterDevice(): boolean }>(),
}))
vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>()
  fs.openSync.mockImplementation(real.openSync)
  fs.fstatSync.mockImplementation(() => ({ isCharacterDevice: () => true }))
  return { ...real, ...fs }
})

const VERSION_4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const cryptography = vi.spyOn(crypto, 'randomUUID')

async function ids(count: number): Promise<string[]> {
  const { machineRandom } = await import('../../src/engine/machine-random.ts')
  return Array.from({ length: count }, () => machineRandom.uuid())
}

describe('D6: ids of runs and engines are version 4 UUIDs, no two alike', () => {
  beforeEach(() => {
    vi.resetModules()
    cryptography.mockClear()
  })

  test.runIf(process.platform !== 'win32')('from the kernel', async () => {
    const made = await ids(1000)
    for (const id of made) expect(id).toMatch(VERSION_4)
    expect(new Set(made).size).toBe(1000)
    expect(cryptography).not.toHaveBeenCalled()
  })

  test('from Node.js where the kernel has no file for them', async () => {
    fs.openSync.mockImplementationOnce(() => {
      throw new Error('ENOENT')
    })
    expect(await ids(1)).toEqual([expect.stringMatching(VERSION_4)])
    expect(cryptography).toHaveBeenCalledOnce()
  })

  test('from Node.js where that file is something else', async () => {
    fs.fstatSync.mockReturnValueOnce({ isCharacterDevice: () => false })
    expect(await ids(1)).toEqual([expect.stringMatching(VERSION_4)])
    expect(cryptography).toHaveBeenCalledOnce()
  })
})
