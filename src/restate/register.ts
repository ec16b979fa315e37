import { quote } from '../core/errors.ts'
import type { Logger } from '../core/ports/logger.ts'
import { Endpoint } from './http.ts'
import type { Served } from './served.ts'

export interface Registration {
  readonly admin?: string
  readonly address: string
}

interface Deployment {
  readonly uri?: string
}

/**
 * Tells Restate where these workflows are executed. New runs come here from then on; those that began at another address
 * end there.
 * @throws {StoreError} it cannot be reached, or refuses
 */
export async function register(served: Served, { admin, address }: Registration, log: Logger): Promise<void> {
  if (admin === undefined) return
  const restate = new Endpoint(admin, 'admin')
  const elsewhere = await servedElsewhere(restate, served, address)
  for (const { name, uri } of elsewhere)
    log.warn(
      `Workflow ${quote(name)} was served at ${uri} until now: its new runs go to ${address}. If that is another workflow of the same name, rename one`,
    )
  // Also where the address is known: what it served before is another version of the code.
  const answer = await restate.ask('POST', '/deployments', { uri: address, force: true })
  if (answer.status >= 300) throw restate.refused(answer, `register the workflows at ${address}`)
}

/** Two programs that serve workflows of one name take each other's runs: that is an upgrade, or a mistake. */
async function servedElsewhere(
  restate: Endpoint,
  served: Served,
  address: string,
): Promise<{ readonly name: string; readonly uri: string }[]> {
  const elsewhere = []
  for (const name of served.keys()) {
    const service = await restate.ask('GET', `/services/${encodeURIComponent(name)}`)
    const { deployment_id: id } = (service.body ?? {}) as { readonly deployment_id?: string }
    if (service.status !== 200 || id === undefined) continue
    const deployment = await restate.ask('GET', `/deployments/${id}`)
    const { uri } = (deployment.body ?? {}) as Deployment
    if (uri !== undefined && URL.parse(uri)?.href !== URL.parse(address)?.href) elsewhere.push({ name, uri })
  }
  return elsewhere
}
