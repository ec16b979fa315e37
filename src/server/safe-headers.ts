const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** For data: it is no page, and may do nothing. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** For the page: only what this server gives, and no code or style in the page itself. */
export const PAGE_POLICY: string =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

/** The answer, with headers that keep browsers from doing more with it than showing it. What it says itself stays. */
export function withSafeHeaders(answer: Response): Response {
  const headers = new Headers(answer.headers)
  for (const [name, value] of Object.entries(EVERYWHERE)) headers.set(name, value)
  if (!headers.has('content-security-policy')) headers.set('content-security-policy', DATA_POLICY)
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers })
}
