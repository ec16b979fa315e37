/** What a program saw, in a form that can be compared and printed. */
export type Seen = string

/** Errors by what they say; stacks, which no program should look at, left out. */
export function describe(value: unknown): Seen {
  return JSON.stringify(value, (_name, one: unknown) => {
    if (one === undefined) return 'undefined'
    if (one instanceof Error) return errorFields(one)
    return one
  })
}

function errorFields(error: Error): object {
  const own = Object.fromEntries(Object.entries(error))
  const fields = { ...own, error: error.name, message: error.message }
  return {
    ...fields,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
    ...(error instanceof AggregateError ? { errors: error.errors as unknown[] } : {}),
  }
}
