// A step that fails is tried again; the key is the same each time, so that the other side can tell.
import { step, workflow } from 'ai-workflows'

/** A payment service that works, and whose answer gets lost once. */
const charged = new Map<string, number>()
let lostAnswers = 1
function charge(amount: number, idempotencyKey: string): string {
  const known = charged.has(idempotencyKey)
  charged.set(idempotencyKey, amount)
  if (lostAnswers-- > 0) throw new Error('connection lost')
  return known ? 'charged before' : 'charged'
}

const pay = workflow({
  name: 'pay',
  execute: async (_ctx, amount: number) =>
    await step(
      'charge',
      ({ attempt, idempotencyKey }) => `attempt ${attempt}: ${charge(amount, idempotencyKey)}`,
      { retry: { maxAttempts: 5, initialDelay: '10ms', backoff: 'exponential' } },
    ),
})

console.log(await pay.run(42))
console.log(`${charged.size} charge in all`)
