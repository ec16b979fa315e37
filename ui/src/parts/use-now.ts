import { useEffect, useState } from 'preact/hooks'

/** The time, again every `every` milliseconds; `undefined`: it stands still. */
export function useNow(every: number | undefined): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    setNow(Date.now())
    if (every === undefined) return
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
