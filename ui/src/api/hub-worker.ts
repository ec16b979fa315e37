/**
 * The hub, shared by all tabs of a browser. Messages to it: the runs that a tab follows; `null` when the tab goes. One that crashed says
 * nothing: what it followed is followed until the last tab is closed.
 */
import { Hub } from './hub.ts'

const hub = new Hub()

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports
  if (port === undefined) return
  const member = hub.join((news) => port.postMessage(news))
  port.addEventListener('message', ({ data }: MessageEvent<readonly string[] | null>) => {
    if (data !== null) return member.follow(data)
    member.leave()
    port.close()
  })
  port.start()
})
