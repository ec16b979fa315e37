/**
 * The most processor time that the main thread takes between two turns of the event loop: what the program itself stops it
 * for, garbage collection on this thread included. Unlike the stop that a clock sees it hardly depends on who else uses the
 * machine.
 */
export interface LongestTurn {
  /** @returns milliseconds */
  end(): number
}

export function longestTurn(): LongestTurn {
  let most = 0
  let before = used()
  let next: NodeJS.Immediate | undefined
  const turn = (): void => {
    const now = used()
    most = Math.max(most, now - before)
    before = now
    next = setImmediate(turn)
  }
  next = setImmediate(turn)
  return {
    end: () => {
      clearImmediate(next)
      return most
    },
  }
}

function used(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
