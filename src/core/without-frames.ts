/**
 * For errors that the runtime makes as it delivers something: its own frames tell nobody anything, and are others on a
 * replay (E2). What the user's function threw has its frames in `cause`.
 */
export function withoutFrames<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}`
  return error
}
