import type { Registry } from './registry.ts'
import { defineOwn, type Properties, type Shell } from './shell.ts'

/** Undoes `errorNode`: a true Error (as the engine sees it) with the prototype of its class, whose constructor does not run. */
export function errorShell(name: string, hidden: Properties, own: Properties, registry: Registry): Shell {
  if (name === 'DOMException') return domExceptionShell(hidden, own)
  const Class = registry.errors.get(name)
  const value = Reflect.construct(Error, [], (Class ?? Error) as typeof Error)
  if (!('stack' in hidden)) delete value.stack
  // Its class is gone, its name should not be.
  if (Class === undefined && !('name' in hidden) && !Object.hasOwn(own, 'name')) hidden['name'] = name
  return shell(value, hidden, own)
}

/** Its name and message can only be given to its constructor, which is a builtin one. */
function domExceptionShell(hidden: Properties, own: Properties): Shell {
  const { name, message, ...rest } = hidden
  const value = new DOMException(textOr('', message), textOr('Error', name))
  return shell(value, rest, own)
}

function shell(value: Error, hidden: Properties, own: Properties): Shell {
  return {
    value,
    fill: (valueOf) => {
      for (const key of Object.keys(hidden)) defineOwn(value, key, valueOf(hidden[key]), false)
      for (const key of Object.keys(own)) defineOwn(value, key, valueOf(own[key]), true)
    },
  }
}

function textOr(fallback: string, slot: unknown): string {
  return typeof slot === 'string' ? slot : fallback
}
