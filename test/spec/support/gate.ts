export { aborted, gate, gates, Meter, type Gate } from '../../../src/testing/engine-cases/gate.ts'

/**
 * Lets everything that is able to happen without a timer or a file happen: for asserting that something did *not*.
 * Turns of the event loop, not time.
 */
export async function quiet(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
