/** What this process uses. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** The most memory it has had, as the operating system counts it. */
export const peakMegabytes = (): number => process.resourceUsage().maxRSS / 1024

let gc: (() => void) | undefined

/** Bytes of the heap that something still refers to. */
export function heapBytes(): number {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  gc()
  gc()
  return process.memoryUsage().heapUsed
}
