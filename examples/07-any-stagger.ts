// The first success wins. Staggered, a mirror is asked only when the one before has failed, or is that slow.
import { any, type Operation, step, workflow } from 'ai-workflows'

function ask(mirror: string, works: boolean): Operation<string> {
  return step(`ask ${mirror}`, () => {
    console.log(`asking ${mirror}`)
    if (!works) throw new Error(`${mirror} is down`)
    return `found in ${mirror}`
  })
}

const download = workflow({
  name: 'download',
  execute: async () =>
    await any([ask('the north', false), ask('the east', true), ask('the south', true)], { stagger: '10s' }),
})

console.log(await download.run({}))
