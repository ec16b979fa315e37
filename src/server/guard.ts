/** Who may ask: checks that come before anything is looked at. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { quote } from '../core/errors.ts'
import { Problem } from './problems.ts'

export interface GuardOptions {
  /** Whoever asks must have it. Absent: nobody needs one. */
  readonly token: string | undefined
  /** Names that `Host` may have, without a port, beside those of loopback. `*`: any. */
  readonly hosts: readonly string[]
}

/** Where a browser is sent that came with the token in its address, and what it is given for it. */
export interface Exchange {
  readonly location: string
  readonly cookie: string
}

/**
 * G1  A name that is not ours is refused: a page of another site whose name was made to point here (DNS rebinding) still sends its own.
 * G2  What a page of another site has sent is refused, but for a plain navigation by GET: that page cannot see the answer.
 * G3  Where there is a token, whoever has neither it nor the cookie is refused; texts are compared in constant time.
 * @returns an answer to give instead, when the token was in the address
 * @throws {Problem} it is refused
 */
export function admit(request: Request, { token, hosts }: GuardOptions): Exchange | undefined {
  const host = requireHost(request, hosts)
  requireSameSite(request, host)
  return token === undefined ? undefined : requireToken(request, token)
}

function requireHost(request: Request, hosts: readonly string[]): string {
  const host = request.headers.get('host') ?? new URL(request.url).host
  const name = nameIn(host)
  if (name !== undefined && (isLoopback(name) || hosts.includes('*') || hosts.includes(name))) return host
  throw new Problem(
    403,
    'FORBIDDEN',
    `The host ${quote(host)} is not served here: use the address that was printed at the start, or name the host in the option "hosts"`,
  )
}

/** Undefined for what is no host at all. */
function nameIn(host: string): string | undefined {
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(host)) return undefined
  return host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
}

export function isLoopback(name: string): boolean {
  return (
    name === 'localhost' ||
    name === '[::1]' ||
    name === '::1' ||
    /^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(name)
  )
}

function requireSameSite(request: Request, host: string): void {
  const { headers } = request
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  const isOurs = origin === null || hostOf(origin) === host.toLowerCase()
  const isSame = site === null || site === 'same-origin' || site === 'none' || isNavigation(request)
  if (isOurs && isSame) return
  throw new Problem(
    403,
    'FORBIDDEN',
    `Pages of other sites may not ask here (${origin === null ? `Sec-Fetch-Site: ${quote(site ?? '')}` : `Origin: ${quote(origin)}`})`,
  )
}

/** A link, or an address, that somebody follows. */
function isNavigation({ headers, method }: Request): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers.get('sec-fetch-mode') === 'navigate' &&
    headers.get('sec-fetch-dest') === 'document'
  )
}

/** Of a link on another site's page, whose cookie the browser keeps back: see `comeAgain`. */
export function comesFromElsewhere(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  return isNavigation(request) && (site === 'cross-site' || site === 'same-site')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function requireToken(request: Request, token: string): Exchange | undefined {
  const url = new URL(request.url)
  const inAddress = url.searchParams.getAll('token')
  if (inAddress.length > 0 && (request.method === 'GET' || request.method === 'HEAD')) {
    if (inAddress.length === 1 && isSame(inAddress[0] ?? '', token)) return exchange(url, token)
    throw unauthorized('The token in the address is not the one of this server')
  }
  const authorization = request.headers.get('authorization')
  if (authorization !== null) {
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    if (isSame(given, token)) return undefined
    throw unauthorized('The token in "Authorization" is not the one of this server')
  }
  if (cookies(request, cookieName(token)).some((value) => isSame(value, cookieValue(token)))) return undefined
  throw unauthorized(
    'This server needs a token: send "Authorization: Bearer …", or open the address that was printed at the start',
  )
}

function exchange(url: URL, token: string): Exchange {
  url.searchParams.delete('token')
  // Never `//`: a browser would take what follows for another host.
  const location = `/${url.pathname.replace(/^[/\\]+/, '')}${url.search}`
  const secure = url.protocol === 'https:' ? '; Secure' : ''
  const cookie = `${cookieName(token)}=${cookieValue(token)}; Path=/; HttpOnly; SameSite=Strict${secure}`
  return { location, cookie }
}

function unauthorized(message: string): Problem {
  return new Problem(401, 'UNAUTHORIZED', message)
}

/** Digests are of one length, so nothing of the token shows in the time that this takes. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Not the token itself: what a browser keeps opens nothing but this page. */
function cookieValue(token: string): string {
  return createHmac('sha256', token).update('ai-workflows cookie').digest('base64url')
}

/** Cookies do not know ports: servers beside one another must not take each other's away. */
function cookieName(token: string): string {
  return `ai-workflows-${createHmac('sha256', token).update('ai-workflows cookie name').digest('hex').slice(0, 12)}`
}

function cookies(request: Request, name: string): string[] {
  return (request.headers.get('cookie') ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1))
}
