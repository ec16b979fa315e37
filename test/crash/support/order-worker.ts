/** Works on orders, one at a time, until it is killed: `node order-worker.ts <directory> <file for marks> <count>`. Starts as many. */
import { createEngine } from '../../../src/index.ts'
import { shop } from './orders.ts'

const [, , dir = '', marks = '', count = ''] = process.argv
const engine = createEngine({ dir })
const { order, parcel } = shop(marks, 150)
await engine.work([order, parcel], { concurrency: 1 })
for (let n = 0; n < Number(count); n++) await order.start(n, { id: `order-${n}`, engine })
