import { expect, test } from 'vitest'
import { VirtualClock } from 'ai-workflows/testing'
import { type EventQueue, eventStream } from '../../src/server/event-stream.ts'

/** A queue with one event each time that it is asked. */
function endless() {
  const state = { asked: 0, ended: 0, wake: () => undefined as void }
  const queue: EventQueue = {
    next: () => ({ event: 'changed', data: ++state.asked }),
    end: () => void state.ended++,
  }
  const open = (wake: () => void): EventQueue => {
    state.wake = wake
    return queue
  }
  return { state, open }
}

test('nothing is taken from the queue for a client that does not read', async () => {
  const { state, open } = endless()
  const { answer } = eventStream(new VirtualClock(), new AbortController().signal, open)
  for (let n = 0; n < 1000; n++) state.wake()
  expect(state.asked).toBe(0)
  const reader = answer.body!.getReader()
  await reader.read()
  for (let n = 0; n < 1000; n++) state.wake()
  expect(state.asked).toBeLessThanOrEqual(2)
  await reader.cancel()
  expect(state.ended).toBe(1)
})

test('a client that leaves ends the queue, once, and no timer is left', () => {
  const clock = new VirtualClock()
  const leaving = new AbortController()
  const { state, open } = endless()
  const { end } = eventStream(clock, leaving.signal, open)
  leaving.abort()
  end()
  state.wake()
  expect(state.ended).toBe(1)
})

test('one that has left before it began ends too', () => {
  const { state, open } = endless()
  eventStream(new VirtualClock(), AbortSignal.abort(), open)
  expect(state.ended).toBe(1)
})

test('while nothing happens there are signs of life', async () => {
  const clock = new VirtualClock()
  const silent: EventQueue = { next: () => undefined, end: () => undefined }
  const { answer } = eventStream(clock, new AbortController().signal, () => silent)
  const reader = answer.body!.getReader()
  const text = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value)
  expect(await text()).toBe('retry: 2000\n\n')
  clock.advance(15_000)
  expect(await text()).toBe(': still here\n\n')
  clock.advance(15_000)
  expect(await text()).toBe(': still here\n\n')
})
