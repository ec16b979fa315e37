/** Metrics, as the real SDK gets them from a real engine over a virtual clock. */
import { createEngine, type EmbeddedEngine, memoryStore, parallel, step, workflow } from 'ai-workflows'
import { VirtualClock } from 'ai-workflows/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { gates } from '../spec/support/gate.ts'
import { registerSdk, type Sdk } from './support/watched.ts'

let sdk: Sdk
beforeEach(() => {
  sdk = registerSdk()
})
afterEach(() => sdk.end())

function engineAt(clock: VirtualClock): EmbeddedEngine {
  const engine = createEngine({ store: memoryStore(), clock, logLevel: 'silent' })
  onTestFinished(() => engine.stop({ grace: 0 }))
  return engine
}

const WORKFLOW = 'ai_workflows.workflow.name'
const STEP = 'ai_workflows.step.name'
const STEP_STATUS = 'ai_workflows.step.status'
const RUN_STATUS = 'ai_workflows.run.status'

test('runs and steps that have started, completed and failed, and what was tried again', async () => {
  const clock = new VirtualClock(1_000_000)
  const engine = engineAt(clock)
  const flow = workflow({
    name: 'flow',
    execute: async (_ctx, good: boolean) => {
      await step('twice', ({ attempt }) => attempt === 2 || Promise.reject(new RangeError('no')), {
        retry: { initialDelay: 0 },
      })
      await step('work', () => {
        clock.advance(2500)
        if (!good) throw new TypeError('bad')
      })
    },
  })
  await flow.run(true, { engine })
  await expect(flow.run(false, { engine })).rejects.toThrow('work')
  const of = { [WORKFLOW]: 'flow' }
  expect(await sdk.measured('ai_workflows.run.started')).toEqual([{ attributes: of, value: 2 }])
  expect(await sdk.measured('ai_workflows.run.ended')).toEqual([
    { attributes: { ...of, [RUN_STATUS]: 'completed' }, value: 1 },
    { attributes: { ...of, [RUN_STATUS]: 'failed', 'error.type': 'StepError' }, value: 1 },
  ])
  expect(await sdk.measured('ai_workflows.run.duration')).toMatchObject([
    { value: { count: 1, sum: 2.5 } },
    { value: { count: 1, sum: 2.5 } },
  ])
  expect(await sdk.measured('ai_workflows.step.started')).toEqual([
    { attributes: { ...of, [STEP]: 'twice' }, value: 2 },
    { attributes: { ...of, [STEP]: 'work' }, value: 2 },
  ])
  expect(await sdk.measured('ai_workflows.step.ended')).toEqual([
    { attributes: { ...of, [STEP]: 'twice', [STEP_STATUS]: 'completed' }, value: 2 },
    { attributes: { ...of, [STEP]: 'work', [STEP_STATUS]: 'completed' }, value: 1 },
    { attributes: { ...of, [STEP]: 'work', [STEP_STATUS]: 'failed', 'error.type': 'TypeError' }, value: 1 },
  ])
  expect(await sdk.measured('ai_workflows.step.retries')).toEqual([
    { attributes: { ...of, [STEP]: 'twice', 'error.type': 'RangeError' }, value: 2 },
  ])
  expect(await sdk.measured('ai_workflows.step.duration')).toEqual([
    { attributes: { ...of, [STEP]: 'twice', [STEP_STATUS]: 'retrying' }, value: { count: 2, sum: 0 } },
    { attributes: { ...of, [STEP]: 'twice', [STEP_STATUS]: 'completed' }, value: { count: 2, sum: 0 } },
    { attributes: { ...of, [STEP]: 'work', [STEP_STATUS]: 'completed' }, value: { count: 1, sum: 2.5 } },
    { attributes: { ...of, [STEP]: 'work', [STEP_STATUS]: 'failed' }, value: { count: 1, sum: 2.5 } },
  ])
})

test('how long branches wait for a place, and how many places are taken', async () => {
  const clock = new VirtualClock(0)
  const engine = engineAt(clock)
  const gate = gates()
  const flow = workflow({
    name: 'queue',
    execute: async () =>
      await parallel(
        ['a', 'b', 'c'].map((name) => step(name, () => gate(name).pass())),
        { name: 'lane', concurrency: 2 },
      ),
  })
  const run = await flow.start(undefined, { engine })
  await Promise.all([gate('a').reached, gate('b').reached])
  const group = {
    [WORKFLOW]: 'queue',
    'ai_workflows.group.name': 'lane',
    'ai_workflows.group.kind': 'parallel',
  }
  const slots = (value: number) => [{ attributes: group, value }]
  expect(await sdk.measured('ai_workflows.group.slots_in_use')).toEqual(slots(2))
  clock.advance(3000)
  gate('a').open()
  await gate('c').reached
  expect(await sdk.measured('ai_workflows.group.slots_in_use')).toEqual(slots(2))
  gate('b').open()
  gate('c').open()
  await run.result()
  expect(await sdk.measured('ai_workflows.group.slots_in_use')).toEqual(slots(0))
  expect(await sdk.measured('ai_workflows.group.queue_wait')).toEqual([
    { attributes: group, value: { count: 3, sum: 3 } },
  ])
})

test('places are given back by a group that gives its branches up', async () => {
  const engine = engineAt(new VirtualClock(0))
  const flow = workflow({
    name: 'doomed',
    execute: async () =>
      await parallel([
        step('endless', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve))),
        step('fails', () => Promise.reject(new Error('no'))),
      ]),
  })
  await expect(flow.run(undefined, { engine })).rejects.toThrow('fails')
  expect((await sdk.measured('ai_workflows.group.slots_in_use')).map(({ value }) => value)).toEqual([0])
  const ended = await sdk.measured('ai_workflows.step.ended')
  expect(ended.map(({ attributes }) => [attributes[STEP], attributes[STEP_STATUS]])).toEqual([
    ['fails', 'failed'],
    ['endless', 'cancelled'],
  ])
})
