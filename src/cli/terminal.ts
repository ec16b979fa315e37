import { Console } from 'node:console'
import { Writable } from 'node:stream'
import { inspect, styleText } from 'node:util'
import type { Logger } from '../core/ports/logger.ts'
import { oneLine, printable, printableLines } from './text/printable.ts'
import { plainJson } from './value/plain-json.ts'
import { readable } from './value/readable.ts'

export type Style = Parameters<typeof styleText>[0]

export interface TerminalOptions {
  readonly json: boolean
  readonly quiet: boolean
  readonly verbose: boolean
}

/** Lines that are replaced in place, below everything else on standard error. */
export interface LiveArea {
  show(text: string): void
  clear(): void
  /** The text stays where it is; what follows comes below. */
  done(): void
}

/**
 * Standard output carries the result and nothing else; everything that is said on the way goes to standard error.
 */
export class Terminal {
  readonly options: TerminalOptions
  readonly #stdout: NodeJS.WriteStream
  readonly #stderr: NodeJS.WriteStream
  #live: LiveArea | undefined
  #liveText = ''

  constructor(
    options: TerminalOptions,
    stdout: NodeJS.WriteStream = process.stdout,
    stderr: NodeJS.WriteStream = process.stderr,
  ) {
    this.options = options
    this.#stdout = stdout
    this.#stderr = stderr
  }

  get json(): boolean {
    return this.options.json
  }

  /** Columns of standard output; undefined when it is no terminal. */
  get width(): number | undefined {
    return this.#stdout.isTTY && this.#stdout.columns > 0 ? this.#stdout.columns : undefined
  }

  /** Columns and rows of standard error, if progress can be shown in place there. */
  get liveSize(): { readonly columns: number; readonly rows: number } | undefined {
    const { isTTY, columns, rows } = this.#stderr
    // A terminal whose size nobody has told has 0 of both.
    return isTTY && columns > 0 && rows > 0 && process.env['TERM'] !== 'dumb' ? { columns, rows } : undefined
  }

  /** For standard output. */
  styled(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stdout })
  }

  /** For standard error. */
  accent(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stderr })
  }

  print(text: string): void {
    this.#above(() => this.#stdout.write(`${text}\n`))
  }

  printJson(value: unknown): void {
    this.print(JSON.stringify(plainJson(value), null, 2))
  }

  /** A value as the result of the command: a string as it is, so that scripts get it without quotes. */
  printValue(value: unknown): void {
    if (value === undefined) return
    if (typeof value === 'string') this.print(this.#stdout.isTTY ? printableLines(value) : value)
    else this.print(this.readable(value, true))
  }

  readable(value: unknown, whole: boolean): string {
    return readable(value, { colors: this.#colours(this.#stdout), width: this.width, whole })
  }

  note(text: string): void {
    if (!this.options.quiet) this.#write(text)
  }

  warn(text: string): void {
    this.#write(`${this.accent('yellow', 'warning:')} ${text}`)
  }

  error(message: string): void {
    this.#write(`${this.accent('red', 'error:')} ${oneLine(message)}`)
  }

  /** What only those want to see who look for a fault. */
  details(thrown: unknown): void {
    const debug = this.options.verbose || (process.env['DEBUG'] ?? '') !== ''
    if (debug) this.#write(printableLines(inspect(thrown, { depth: 8 })))
  }

  useLiveArea(live: LiveArea | undefined): void {
    this.#live?.clear()
    this.#live?.done()
    this.#live = live
    this.#liveText = ''
  }

  showLive(text: string): void {
    this.#liveText = text
    this.#live?.show(text)
  }

  /** For messages of the engine and of workflows (`ctx.log`). */
  readonly logger: Logger = {
    debug: () => undefined,
    info: (message, fields) => this.#log('', message, fields),
    warn: (message, fields) => this.#log(`${this.accent('yellow', 'warning:')} `, message, fields),
    error: (message, fields) => this.#log(`${this.accent('red', 'error:')} `, message, fields),
  }

  /** A `console` for the workflow's code: it must not write into the result, nor through the progress. */
  asConsole(): Console {
    const sink = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        this.#above(() => this.#stderr.write(chunk))
        done()
      },
    })
    return new Console({ stdout: sink, stderr: sink, colorMode: this.#colours(this.#stderr) })
  }

  /** Resolves when everything is written. */
  async flush(): Promise<void> {
    await Promise.all(
      [this.#stdout, this.#stderr].map(
        (stream) => new Promise<void>((resolve) => void stream.write('', () => resolve())),
      ),
    )
  }

  #log(level: string, message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    const { run: _run, workflow: _workflow, step, key, attempt, ...rest } = fields ?? {}
    // `step` is there when a step's own code says it; the engine's messages name it themselves.
    const from = typeof step === 'string' ? `${printable(typeof key === 'string' ? key : step)}: ` : ''
    const more = attempt === undefined || attempt === 1 ? rest : { attempt, ...rest }
    const shown = Object.keys(more).length === 0 ? '' : ` ${this.#fields(more)}`
    this.#write(`${level}${from}${printableLines(message)}${shown}`)
  }

  #fields(fields: Record<string, unknown>): string {
    const { verbose } = this.options
    const brief = Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error && !verbose ? oneLine(value.message) : value,
    ])
    return readable(Object.fromEntries(brief), {
      colors: this.#colours(this.#stderr),
      width: undefined,
      whole: false,
    })
  }

  #write(text: string): void {
    this.#above(() => this.#stderr.write(`${text}\n`))
  }

  #above(write: () => void): void {
    const live = this.#liveText === '' ? undefined : this.#live
    live?.clear()
    write()
    live?.show(this.#liveText)
  }

  #colours(stream: NodeJS.WriteStream): boolean {
    return styleText('red', 'x', { stream }) !== 'x'
  }
}
