/** The page as it is built, over a real engine, behind a real server, in a real browser. */
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { createEngine, type EmbeddedEngine } from 'ai-workflows'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { systemClock } from '../../../src/core/system-clock.ts'
import { staticPage } from '../../../src/cli/ui/static-page.ts'
import { serve } from '../../../src/server/serve.ts'
import { bundlePage } from '../../../scripts/page.mjs'
import { chromiumPath } from './chromium.ts'
import { Gates, workflowsFor } from './workflows.ts'

let browser: Browser
let folder: string

/** Builds the page and starts the browser, once for a file of tests. */
export function useBrowser(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ai-workflows-page-'))
    await bundlePage(join(folder, 'ui'))
    browser = await chromium.launch({
      ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
      args: ['--no-sandbox'],
    })
  })
  afterAll(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })
}

export interface Served {
  readonly engine: EmbeddedEngine
  readonly gates: Gates
  readonly workflows: ReturnType<typeof workflowsFor>
  /** `http://127.0.0.1:…` */
  readonly address: string
  /** Of requests to elsewhere, and of errors in the page. Each test should leave it empty. */
  readonly trouble: string[]
  open(hash?: string, options?: BrowserContextOptions): Promise<Page>
  /** Ends all connections and listens no more, until `start`. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Streams of changes that are open now. */
  streams(): number
  /** The runs cannot be looked at, for this reason; until it is called without one. */
  breakdown(error: Error | undefined): void
  /** The one that executed runs is gone, and another looks at them. */
  restartEngine(): Promise<EmbeddedEngine>
}

export async function served(token?: string): Promise<Served> {
  const gates = new Gates()
  const workflows = workflowsFor(gates)
  const trouble: string[] = []
  const dir = await mkdtemp(join(tmpdir(), 'ai-workflows-runs-'))
  const engine = createEngine({ dir })
  let current = engine
  let broken: Error | undefined
  const source = (): EmbeddedEngine => {
    if (broken !== undefined) throw broken
    return current
  }
  const api = serve(source, {
    workflows: Object.values(workflows).map((code) => ({ code, source: undefined })),
    guard: { token, hosts: [] },
    maxBody: 1024 * 1024,
    maxStreams: 100,
    clock: systemClock,
    page: staticPage(join(folder, 'ui')),
    report: (error) => error !== broken && trouble.push(String(error)),
  })
  const streams = new Set<object>()
  const count = ({ url = '' }: { url?: string }, response: ServerResponse): void => {
    if (!url.startsWith('/api/changes')) return
    streams.add(response)
    response.on('close', () => streams.delete(response))
  }
  let server = (await listen(api.fetch, 0)).on('request', count)
  const { port } = server.address() as { port: number }
  const address = `http://127.0.0.1:${port}`
  const stop = (): Promise<void> => close(server)
  onTestFinished(async () => {
    api.close()
    await stop()
    await current.stop()
    await rm(dir, { recursive: true, force: true })
  })
  return {
    engine,
    gates,
    workflows,
    address,
    trouble,
    open: (hash = '', options = {}) => openPage(`${address}/${hash}`, options, trouble),
    stop,
    start: async () => {
      server = (await listen(api.fetch, port)).on('request', count)
    },
    streams: () => streams.size,
    breakdown: (error) => (broken = error),
    restartEngine: async () => {
      await engine.stop({ grace: 0 })
      return (current = createEngine({ dir }))
    },
  }
}

async function listen(fetch: (request: Request) => Promise<Response>, port: number): Promise<Server> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function openPage(url: string, options: BrowserContextOptions, trouble: string[]): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const { origin } = new URL(url)
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) trouble.push(`request to ${request.url()}`)
  })
  page.on('pageerror', (error) => trouble.push(String(error)))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) trouble.push(message.text())
  })
  await page.goto(url)
  return page
}
