/** Requests to the HTTP API. Each rejects with a `RequestError` whose message can be shown. */
import type {
  ApiError,
  ApiJournal,
  ApiRun,
  ApiRunDetails,
  ApiRuns,
  ApiStart,
  ApiTimeline,
  ApiValue,
  ApiWorkflows,
} from '../../../src/server/api.ts'

export class RequestError extends Error {
  /** 0: nobody answered. */
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>

export const api = {
  runs: (query: Query): Promise<ApiRuns> => get(`/api/runs${queryOf(query)}`),
  run: (id: string): Promise<ApiRunDetails> => get(pathOf(id)),
  timeline: (id: string): Promise<ApiTimeline> => get(`${pathOf(id)}/timeline`),
  journal: (id: string, query: Query): Promise<ApiJournal> => get(`${pathOf(id)}/journal${queryOf(query)}`),
  value: (id: string, query: Query): Promise<ApiValue> => get(`${pathOf(id)}/value${queryOf(query)}`),
  workflows: (): Promise<ApiWorkflows> => get('/api/workflows'),
  start: (what: ApiStart): Promise<ApiRun> => post('/api/runs', what),
  cancel: (id: string): Promise<unknown> => post(`${pathOf(id)}/cancel`, {}),
  retry: (id: string, fromStep?: string): Promise<unknown> =>
    post(`${pathOf(id)}/retry`, fromStep === undefined ? {} : { fromStep }),
  send: (id: string, name: string, payload: unknown): Promise<unknown> =>
    post(`${pathOf(id)}/events`, payload === undefined ? { name } : { name, payload }),
}

export const pathOf = (id: string): string => `/api/runs/${encodeURIComponent(id)}`

function queryOf(query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (typeof value === 'object') for (const each of value) search.append(name, each)
    else if (value !== undefined && value !== '') search.append(name, String(value))
  return search.size === 0 ? '' : `?${search}`
}

const get = <Answer>(path: string): Promise<Answer> => request(path, {})

const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
  request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

async function request<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, init)
  } catch {
    throw new RequestError(0, 'The server cannot be reached. Is `ai-workflows ui` still running?')
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok) return body as Answer
  const message = (body as Partial<ApiError> | undefined)?.error?.message
  throw new RequestError(response.status, message ?? `The server answered ${response.status} to ${path}`)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
