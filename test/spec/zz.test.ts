import { parallel, step } from 'ai-workflows'
import { expect, test } from 'vitest'
import { runInline } from '../../src/core/inline.ts'
import { FakeClock } from './support/fake-clock.ts'
test('x', async () => {
    const clock = new FakeClock()
    const done = runInline({ clock }, async () => {
      await step('retried', ({attempt}) => { console.log('att', attempt); if (attempt < 3) throw new Error('again') }, { retry: { maxAttempts: 3, backoff: 'fixed', initialDelay: '1m', jitter: false } })
    })
    done.catch((e) => console.log(e))
    await clock.armed(60_000)
    console.log('armed')
    await clock.advance(60_000)
    console.log('adv', clock.pending)
    await clock.advance(60_000)
    console.log('adv', clock.pending)
    await done
    console.log('done')
}, 3000)
