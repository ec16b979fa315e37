/** The JSON object that a request sends. */
import { quote } from '../core/errors.ts'
import { badRequest, Problem } from './problems.ts'

/**
 * The fields that were sent; none for an empty body.
 * @param most bytes: what comes after is not read
 * @throws {Problem}
 */
export async function bodyOf(
  request: Request,
  most: number,
  allowed: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const type = request.headers.get('content-type')
  if (type === null || !/^application\/json *(;|$)/i.test(type))
    throw new Problem(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      `Expected JSON with "Content-Type: application/json", got ${type === null ? 'no content type' : quote(type)}`,
    )
  const body = parsed(await textOf(request, most))
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('Expected a JSON object in the body')
  for (const key of Object.keys(body))
    if (!allowed.includes(key))
      throw badRequest(
        `The body has an unknown field ${quote(key)}; known are ${allowed.map(quote).join(', ')}`,
      )
  return body as Readonly<Record<string, unknown>>
}

async function textOf(request: Request, most: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge(most)
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const part of request.body ?? []) {
      size += part.byteLength
      if (size > most) throw tooLarge(most)
      parts.push(part)
    }
  } catch (error) {
    // Whoever sent it has left: nobody reads this, and nobody is to blame.
    throw error instanceof Problem ? error : badRequest('The body ended before it was complete')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
  } catch {
    throw badRequest('The body is not UTF-8')
  }
}

function parsed(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    throw badRequest(`The body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}

function tooLarge(most: number): Problem {
  return new Problem(
    413,
    'TOO_LARGE',
    `The body has more than ${most} bytes: store what is large elsewhere, and send where it is`,
  )
}
