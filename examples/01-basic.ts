// Independent steps run at the same time; what comes after them waits for all.
import { parallel, step, workflow } from 'ai-workflows'

interface Order {
  readonly items: readonly string[]
  readonly card: string
  readonly city: string
}

const orderWorkflow = workflow({
  name: 'order-processing',
  execute: async (_ctx, order: Order) => {
    const [inventory, payment, shipping] = await parallel([
      step('check-inventory', () => order.items.map((item) => `${item}: in stock`)),
      step('validate-payment', () => ({ valid: order.card.length === 4 })),
      step('calculate-shipping', () => (order.city === 'Oslo' ? 5 : 12)),
    ])
    return await step('create-order', () => ({ inventory, paid: payment.valid, shipping }))
  },
})

console.log(await orderWorkflow.run({ items: ['tea', 'cup'], card: '4242', city: 'Oslo' }))
