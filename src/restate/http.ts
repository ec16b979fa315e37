import { messageOf, StoreError } from '../core/errors.ts'

export interface Answer {
  readonly status: number
  /** Parsed, where it is JSON. */
  readonly body: unknown
}

/** One of the two addresses of a Restate server. */
export class Endpoint {
  readonly url: string
  readonly #what: string
  readonly #headers: Readonly<Record<string, string>>

  /** @param what for messages: `ingress`, `admin` */
  constructor(url: string, what: string, headers: Readonly<Record<string, string>> = {}) {
    this.url = url.replace(/\/+$/, '')
    this.#what = what
    this.#headers = headers
  }

  /** @throws {StoreError} nobody answers there */
  async ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { accept: 'application/json', ...this.#headers }
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
        ...content,
        ...(signal === undefined ? {} : { signal }),
      })
      return { status: response.status, body: parsed(await response.text()) }
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw this.#unreachable(error)
    }
  }

  /** An answer that makes no sense here. */
  refused({ status, body }: Answer, what: string): StoreError {
    return new StoreError(
      'unsupported',
      `Restate at ${this.url} (${this.#what}) answered ${status} when asked to ${what}: ${problemIn(body)}`,
    )
  }

  #unreachable(error: unknown): StoreError {
    const { cause } = error as { readonly cause?: { readonly code?: string } }
    const why = cause?.code ?? messageOf(cause ?? error)
    return new StoreError(
      'unreachable',
      `Restate cannot be reached at ${this.url} (${this.#what}): ${why}. Is it running, and is this its ${this.#what} address?`,
      error,
    )
  }
}

/** What Restate says is wrong. */
export function problemIn(body: unknown): string {
  const { message } = (body ?? {}) as { readonly message?: unknown }
  return typeof message === 'string' ? message : JSON.stringify(body)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
