import { diag } from '@opentelemetry/api'

/** Calls into the SDK, whose samplers and processors are somebody else's code: what they throw changes no run. */
export function safely(call: () => void): void {
  try {
    call()
  } catch (error) {
    mention(error)
  }
}

/** The logger behind `diag` is somebody else's code, too. */
export function mention(error: unknown): void {
  try {
    diag.error('ai-workflows: the OpenTelemetry SDK threw', error)
  } catch {
    // Nobody is left to tell.
  }
}
