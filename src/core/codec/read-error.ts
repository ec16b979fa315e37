import { SerializationError } from '../errors.ts'

/** A stored text that cannot be turned back into a value. */
export function readError(problem: string): SerializationError {
  const error = new SerializationError('stored value', problem)
  const written = error.message
  error.message = `Cannot read a stored value: ${problem}`
  if (error.stack !== undefined) error.stack = error.stack.replace(written, () => error.message)
  return error
}

export function damaged(detail: string): SerializationError {
  return readError(`the text is damaged (${detail})`)
}

export function unknownClass(name: string): SerializationError {
  return readError(
    `it has an instance of class ${name}, which is not registered here; ` +
      `register the class with the engine (\`classes\`), under the name that it had`,
  )
}
