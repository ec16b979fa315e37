// This program starts itself as another process, kills that with SIGKILL in the middle, and carries on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { step, workflow } from 'ai-workflows'

const given = process.argv[2]
const who = given === undefined ? 'the second process' : 'the first process'

const order = workflow({
  name: 'order',
  execute: async (_ctx, item: string) => {
    const payment = await step('pay', () => {
      console.log(`${who} takes the money`)
      return `paid in ${who}`
    })
    const parcel = await step('send', async () => {
      console.log(`${who} sends the ${item}`)
      if (given !== undefined) await pause(60_000) // it will not live to see the end of this
      return `sent by ${who}`
    })
    return `${payment}, ${parcel}`
  },
})

const id = given ?? `order-${process.pid}-${Date.now()}`
if (given === undefined) {
  const first = spawn(process.execPath, [fileURLToPath(import.meta.url), id], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  first.stdout.on('data', (text: Buffer) => {
    process.stdout.write(text)
    if (text.includes('sends')) first.kill('SIGKILL')
  })
  await once(first, 'close')
}
console.log(await order.run('tea', { id }))
