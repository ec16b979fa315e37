/** Where one is, in the part of the address after `#`: it needs nothing of a server. */
import { useEffect, useState } from 'preact/hooks'

export type Route =
  | { readonly page: 'list'; readonly query: URLSearchParams }
  | { readonly page: 'run'; readonly id: string; readonly tab: string }

export function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2)
  const [, page, id, tab] = path.split('/')
  if (page === 'runs' && id !== undefined && id !== '')
    return { page: 'run', id: decoded(id), tab: tab ?? '' }
  return { page: 'list', query: new URLSearchParams(query) }
}

/** What somebody typed need not be well escaped. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export const runHref = (id: string, tab = ''): string => `#/runs/${encodeURIComponent(id)}${tab && `/${tab}`}`

export function listHref(query: URLSearchParams): string {
  return query.size === 0 ? '#/' : `#/?${query}`
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = (): void => setHash(location.hash)
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return routeOf(hash)
}
