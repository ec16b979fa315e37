/**
 * A server as a process manager runs it in cluster mode: `node cluster.ts <directory> <file for marks>`. Three processes of the
 * same file listen on one port; `POST /<number>` starts that order and answers when it is done.
 */
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { createEngine } from '../../../src/index.ts'
import { shop } from './orders.ts'

const [, , dir = '', marks = ''] = process.argv

if (cluster.isPrimary) {
  for (let n = 0; n < 3; n++) cluster.fork()
  cluster.on('listening', ({ process: { pid } }, { port }) => console.log(`${pid} ${port}`))
} else {
  const engine = createEngine({ dir })
  const { order, parcel } = shop(marks, 10)
  await engine.work([order, parcel], { concurrency: 4 })
  createServer((request, response) => {
    const n = Number(request.url?.slice(1))
    order
      .start(n, { id: `order-${n}`, engine })
      .then((run) => run.result())
      .then(
        (result) => response.end(result),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
  }).listen(0)
}
