/**
 * Who may use the API. A page of another site that is open in the same browser must not, also when its name resolves to this
 * machine (DNS rebinding); nor may anybody on the network without the token.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

export interface GuardOptions {
  /** Absent: only this machine is served, under a name that cannot be anybody else's. */
  readonly token: string | undefined
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 415
  readonly code: string
  readonly message: string
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i

/** @returns undefined for a request that may pass */
export function refusalOf(request: Request, { token }: GuardOptions): Refusal | undefined {
  const host = request.headers.get('host') ?? new URL(request.url).host
  if (token === undefined && !LOOPBACK.test(host))
    return refusal(
      403,
      'HOST',
      `The host ${JSON.stringify(host)} is not this machine's own name: open the page as http://localhost, or serve it with a token`,
    )
  if (!isSameSite(request, host))
    return refusal(
      403,
      'CROSS_SITE',
      'A page of another site may not use this API: call it from its own page, or without a browser',
    )
  if (token !== undefined && !isToken(request.headers.get('authorization'), token))
    return refusal(401, 'TOKEN', 'This API needs its token: send it as `Authorization: Bearer …`')
  if (request.method === 'POST' && !isJson(request.headers.get('content-type')))
    return refusal(415, 'CONTENT_TYPE', 'Send JSON, with `content-type: application/json`')
  return undefined
}

/** Browsers say where a request comes from, and no page can keep them from it. Other programs say nothing. */
function isSameSite({ headers }: Request, host: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none') return false
  const origin = headers.get('origin')
  return origin === null || origin === `http://${host}` || origin === `https://${host}`
}

/** In a time that tells nothing of how much of it is right, nor of its length. */
function isToken(authorization: string | null, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isJson(type: string | null): boolean {
  return /^application\/json\s*(;|$)/i.test(type ?? '')
}

function refusal(status: Refusal['status'], code: string, message: string): Refusal {
  return { status, code, message }
}

/** On every answer: nothing is kept, guessed, framed, or told to other sites. */
export const SAFE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}
