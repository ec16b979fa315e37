import type { Telemetry } from '../core/ports/telemetry.ts'

/** Where `@opentelemetry/api`, in any version 1, keeps what an SDK has registered with it. */
const API = Symbol.for('opentelemetry.js.api.1')

interface Registered {
  readonly version?: string
  readonly trace?: unknown
  readonly metrics?: unknown
}

/**
 * Traces with the OpenTelemetry SDK that this process has, if it has one. Without one the API is not even loaded: that takes
 * almost as long as the rest of the library.
 * @throws {Error} there is an SDK, but the API cannot be loaded from here, or is another copy that does not find it
 */
export async function registeredTelemetry(): Promise<Telemetry | undefined> {
  const registered = (globalThis as { [API]?: Registered })[API]
  if (registered?.trace === undefined && registered?.metrics === undefined) return undefined
  const [{ openTelemetry }, api] = await Promise.all([
    import('./open-telemetry.ts'),
    import('@opentelemetry/api'),
  ])
  const finds = (own: unknown, theirs: unknown): boolean => theirs === undefined || own === theirs
  const { trace, metrics } = registered
  // A copy that is newer than the one that the SDK registered with finds nothing, and says nothing.
  if (!finds(api.trace.getTracerProvider(), trace) || !finds(api.metrics.getMeterProvider(), metrics))
    throw new Error(
      `The SDK is registered with version ${registered.version} of @opentelemetry/api, and the newer copy that is found from here does not see it`,
    )
  return openTelemetry()
}
