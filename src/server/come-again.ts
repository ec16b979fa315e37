/**
 * Somebody followed a link on a page of another site, and the browser keeps the cookie back (`SameSite=Strict`). This answer is a page that
 * asks for the same address again: now this site asks, and the cookie is sent. Who has none is refused then.
 */
import { createHash } from 'node:crypto'

/** Another address to the browser, as it would only scroll for the same one; and the same to whoever reads it. */
const SCRIPT = `location.replace(location.pathname + (location.search || '?') + '&' + location.hash)`
const POLICY = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`

export function comeAgain(): Response {
  const body = `<!doctype html><meta charset="utf-8"><title>ai-workflows</title><script>${SCRIPT}</script>`
  return new Response(body, {
    status: 401,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })
}
