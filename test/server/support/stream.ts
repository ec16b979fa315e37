import { onTestFinished } from 'vitest'

export interface Told {
  readonly event: string
  // oxlint-disable-next-line no-explicit-any -- tests look at whatever came
  readonly data: any
}

export interface Stream {
  /** The next event that fits; those before it are skipped. */
  until(fits: (told: Told) => boolean): Promise<Told>
  leave(): void
  readonly headers: Headers
}

/** Reads server-sent events as they come. */
export async function stream(address: string): Promise<Stream> {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const answer = await fetch(address, { signal: leaving.signal })
  const events = read(answer)
  return {
    headers: answer.headers,
    leave: () => leaving.abort(),
    async until(fits) {
      for (;;) {
        const { value, done } = await events.next()
        if (done === true) throw new Error('the stream has ended')
        if (fits(value)) return value
      }
    },
  }
}

async function* read(answer: Response): AsyncGenerator<Told> {
  let text = ''
  for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    text += new TextDecoder().decode(part)
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, event] = /^event: (.*)$/m.exec(block) ?? []
      const [, data] = /^data: (.*)$/m.exec(block) ?? []
      if (event !== undefined) yield { event, data: JSON.parse(data ?? 'null') }
    }
  }
}
