import type { Telemetry } from '../core/ports/telemetry.ts'

/** Where `@opentelemetry/api`, in any version 1, keeps what an SDK has registered with it. */
const API = Symbol.for('opentelemetry.js.api.1')

/**
 * Traces with the OpenTelemetry SDK that this process has, if it has one. Without one the API is not even loaded: that takes
 * almost as long as the rest of the library.
 * @throws {Error} there is an SDK, but the API cannot be loaded from here
 */
export async function registeredTelemetry(): Promise<Telemetry | undefined> {
  const api = (globalThis as { [API]?: { readonly trace?: unknown; readonly metrics?: unknown } })[API]
  if (api?.trace === undefined && api?.metrics === undefined) return undefined
  const { openTelemetry } = await import('./open-telemetry.ts')
  return openTelemetry()
}
