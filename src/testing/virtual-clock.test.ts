import { describe, expect, it } from 'vitest'
import { VirtualClock } from './virtual-clock.ts'

describe('VirtualClock', () => {
  it('stands still until it is advanced, and fires nothing before', () => {
    const clock = new VirtualClock(1000)
    const fired: string[] = []
    clock.schedule(900, () => fired.push('past'))
    clock.schedule(1000, () => fired.push('now'))
    expect([clock.now(), clock.next(), clock.pending, fired]).toEqual([1000, 1000, 2, []])
    clock.advance(0)
    expect([clock.now(), clock.next(), clock.pending, fired]).toEqual([1000, undefined, 0, ['past', 'now']])
  })

  it('fires in order of time, then of scheduling, each at its own time', () => {
    const clock = new VirtualClock()
    const fired: [string, number][] = []
    for (const [name, at] of Object.entries({ c: 30, a: 10, d: 30, b: 20, late: 31 }))
      clock.schedule(at, () => fired.push([name, clock.now()]))
    clock.advance(30)
    expect(fired).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
      ['d', 30],
    ])
    expect([clock.now(), clock.next(), clock.pending]).toEqual([30, 31, 1])
  })

  it('fires what others schedule as they fire, if it is due by then', () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    const again = (): void => {
      fired.push(clock.now())
      clock.schedule(clock.now() + 10, again)
    }
    clock.schedule(10, again)
    clock.advance(35)
    expect(fired).toEqual([10, 20, 30])
    expect([clock.now(), clock.next()]).toEqual([35, 40])
  })

  it('fires nothing that was cancelled, also by another timer of the same time, and cancelling twice is harmless', () => {
    const clock = new VirtualClock()
    const fired: string[] = []
    const cancels: (() => void)[] = []
    clock.schedule(10, () => {
      fired.push('first')
      cancels.forEach((cancel) => cancel())
    })
    cancels.push(clock.schedule(10, () => fired.push('second')))
    const cancelled = clock.schedule(5, () => fired.push('third'))
    cancelled()
    cancelled()
    expect([clock.next(), clock.pending]).toEqual([10, 2])
    clock.advance(100)
    cancels.forEach((cancel) => cancel())
    expect([fired, clock.pending]).toEqual([['first'], 0])
  })

  it('keeps the order with many timers, of which many are cancelled', () => {
    const clock = new VirtualClock()
    const fired: number[] = []
    const cancels = Array.from({ length: 5000 }, (_, index) => {
      const at = (index * 7919) % 5000
      return clock.schedule(at, () => fired.push(at))
    })
    for (let index = 0; index < cancels.length; index += 2) cancels[index]?.()
    clock.advance(5000)
    expect(fired).toHaveLength(2500)
    expect(fired).toEqual(fired.toSorted((a, b) => a - b))
  })
})
