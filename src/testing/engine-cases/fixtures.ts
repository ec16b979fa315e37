/** Short ways to say what the cases are about. */
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import type { StepContext } from '../../core/step-function.ts'
import { aborted } from './gate.ts'

/** A step's function that goes on until it is aborted, and then obeys. */
export async function held({ signal }: Pick<StepContext, 'signal'>): Promise<never> {
  throw await aborted(signal)
}

/** A step's function that does not end, whatever it is told. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}

/** A step's function that fails. */
export const fails = (message: string) => (): Promise<never> => Promise.reject(new Error(message))

/** What a promise is rejected with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  const settled = await Promise.resolve(promise).then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  )
  return 'reason' in settled ? settled.reason : assert.fail(`resolved to ${inspect(settled.value)}`)
}

/** What a promise is rejected with, as a value. */
export async function caught(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise
  } catch (error) {
    return error
  }
}

type Expected = Readonly<Record<string, unknown>>

/** The value has these properties, of these values, to any depth of plain objects; others may be there as well. */
export function has(value: unknown, expected: Expected): void {
  assert.ok(typeof value === 'object' && value !== null, `not an object: ${inspect(value)}`)
  for (const [name, wanted] of Object.entries(expected)) {
    const found: unknown = (value as Expected)[name]
    if (isPlain(wanted)) has(found, wanted)
    else assert.deepEqual(found, wanted, `"${name}" is ${inspect(found)} in ${inspect(value)}`)
  }
}

export async function rejectsWith(promise: PromiseLike<unknown>, expected: Expected): Promise<unknown> {
  const reason = await rejection(promise)
  has(reason, expected)
  return reason
}

function isPlain(value: unknown): value is Expected {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
