/** What tests ask of Restate's admin address. */

export async function register(admin: string, uri: string): Promise<void> {
  await post(`${admin}/deployments`, { uri, force: true })
}

/** @throws with what it answered, if that is not well */
export async function post(url: string, body?: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json', accept: 'application/json' }
  const response = await fetch(url, {
    method: 'POST',
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
