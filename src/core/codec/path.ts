import { quote } from '../errors.ts'

/** Where an object was first met. The step is a key, or the position among a Map's keys and values, or in a Set. */
export interface Place {
  readonly value: object
  readonly parent: Place | undefined
  readonly step: string | number
}

/** Longer paths are cut in the middle: a path 100,000 steps long tells nobody anything. */
const LONGEST = 60
const KEPT = 25

/** `result.user.save`, `result.items[3]`, `result.get("key")`, `result["odd key"]`. */
export function pathTo(root: string, parent: Place | undefined, step: string | number | symbol): string {
  if (parent === undefined) return root
  const steps = [stepText(parent.value, step)]
  const places: Place[] = []
  for (let place: Place | undefined = parent; place !== undefined; place = place.parent) places.push(place)
  const kept =
    places.length < LONGEST ? places : [...places.slice(0, KEPT), undefined, ...places.slice(-KEPT)]
  for (const place of kept) {
    if (place === undefined) steps.push('…')
    else if (place.parent !== undefined) steps.push(stepText(place.parent.value, place.step))
  }
  return root + steps.toReversed().join('')
}

function stepText(container: object, step: string | number | symbol): string {
  if (typeof step === 'symbol') return `[${String(step)}]`
  if (typeof step === 'string')
    return Array.isArray(container) && /^\d+$/.test(step) ? `[${step}]` : memberText(step)
  if (container instanceof Map) return entryText(container, step)
  return container instanceof Set ? `.values()[${step}]` : `[${step}]`
}

/** Keys stand at even positions, values at odd ones. */
function entryText(map: ReadonlyMap<unknown, unknown>, position: number): string {
  const index = position >> 1
  if (position % 2 === 0) return `.keys()[${index}]`
  const key = [...map.keys()][index]
  if (typeof key === 'string') return `.get(${quote(key)})`
  return typeof key === 'number' || typeof key === 'boolean' ? `.get(${key})` : `.values()[${index}]`
}

function memberText(key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]{0,99}$/u.test(key) ? `.${key}` : `[${quote(key)}]`
}
