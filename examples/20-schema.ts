// Any Standard Schema (zod, valibot, arktype) checks the input before the run exists, and gives it its type.
import { InvalidInputError, step, workflow } from 'ai-workflows'
import { z } from 'zod'

const invoice = workflow({
  name: 'invoice',
  input: z.object({ customer: z.string().min(1), amounts: z.array(z.number().positive()) }),
  output: z.string(),
  execute: async (_ctx, { customer, amounts }) =>
    await step('add', () => `${customer} owes ${amounts.reduce((sum, amount) => sum + amount, 0)}`),
})

console.log(await invoice.run({ customer: 'Ada', amounts: [20, 22] }))
try {
  await invoice.run({ customer: '', amounts: [-1] })
} catch (error) {
  if (error instanceof InvalidInputError)
    for (const { path, message } of error.issues) console.log(`${path}: ${message}`)
}
