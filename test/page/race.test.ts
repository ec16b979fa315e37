/** The reference page's "Race Execution". */
import { step } from 'ai-workflows'
import { race } from 'ai-workflows'
import { beforeEach, describe, expect, test } from 'vitest'
import { gates } from '../spec/support/gate.ts'
import { inWorkflow } from './support.ts'

describe('Race Execution', () => {
  const data = { id: 7 }
  let gate = gates<string>()
  const fetchFromPrimary = (_data: object): Promise<string> => gate('primary').pass()
  const fetchFromSecondary = (_data: object): Promise<string> => gate('secondary').pass()
  const fetchFromCache = (_data: object): Promise<string> => gate('cache').pass()

  beforeEach(() => {
    gate = gates()
  })

  async function example(): Promise<string> {
    // prettier-ignore
    const fastest = await race([
      step('primary', () => fetchFromPrimary(data)),
      step('secondary', () => fetchFromSecondary(data)),
      step('cache', () => fetchFromCache(data)),
    ])
    return fastest
  }

  async function whenAllRun(then: () => void): Promise<void> {
    await Promise.all(['primary', 'secondary', 'cache'].map((name) => gate(name).reached))
    then()
  }

  test.each(['primary', 'secondary', 'cache'])('at top level: %s is first', async (first) => {
    const [fastest] = await Promise.all([example(), whenAllRun(() => gate(first).open(`from ${first}`))])
    expect(fastest).toBe(`from ${first}`)
  })

  test.each(['primary', 'secondary', 'cache'])(
    'inside a workflow: %s is first, and stays first',
    async (first) => {
      const [{ result, again, repeated }] = await Promise.all([
        inWorkflow(example),
        whenAllRun(() => gate(first).open(`from ${first}`)),
      ])
      expect(result).toBe(`from ${first}`)
      expect(again).toEqual([result, result])
      expect(repeated).toEqual([])
    },
  )

  test('a failure is first like any other', async () => {
    const ends = Promise.allSettled([example(), whenAllRun(() => gate('cache').fail(new Error('no cache')))])
    expect((await ends)[0]).toMatchObject({ status: 'rejected', reason: { stepName: 'cache' } })
  })
})
