import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../core/errors.ts'
import { shellWord } from '../text/printable.ts'

const STRIPPING =
  'Node.js runs TypeScript by leaving out its types, so only syntax that can be left out works: instead of an enum a ' +
  'constant object or a union, instead of a parameter property a field, instead of a namespace a module ' +
  '("erasableSyntaxOnly" in tsconfig.json finds them all). Or compile the file and run the JavaScript'

/** What to say of a workflow file that could not be imported: where, what, and what to do. */
export function loadProblem(path: string, thrown: unknown): string {
  const message = messageOf(thrown)
  const code = (thrown as { code?: unknown } | null | undefined)?.code
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `${placeOf(thrown) ?? path}: ${message}. ${STRIPPING}`
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return `${path} cannot be loaded: ${message}. Node.js runs TypeScript outside of node_modules only: publish JavaScript`
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `${path} cannot be loaded: ${message}. ${extensionHint(message)}`
    case 'ERR_MODULE_NOT_FOUND':
      return `${path} cannot be loaded: ${message}${importHint(message)}`
    default:
      return thrown instanceof SyntaxError ? syntaxProblem(path, thrown) : throwProblem(path, thrown, message)
  }
}

function syntaxProblem(path: string, error: SyntaxError): string {
  const place = placeOf(error)
  // Node.js tells the place in a JavaScript module only to those who do not catch the error.
  if (place === undefined)
    return `${path} cannot be loaded: syntax error in it or in what it imports: ${error.message}. To see where: node ${shellWord(path)}`
  const decorator = /^\s*@/.test(error.stack?.split('\n')[1] ?? '')
  return `${place}: syntax error: ${error.message}${decorator ? '. A decorator? Node.js does not run them' : ''}`
}

function throwProblem(path: string, thrown: unknown, message: string): string {
  const place = thrown instanceof Error ? frameOf(thrown) : undefined
  return `${path} threw while it was loaded: ${message}${place === undefined ? '' : ` (${place})`}`
}

function extensionHint(message: string): string {
  return /"\.[cm]?ts"/.test(message)
    ? `This Node.js (${process.version}) does not run TypeScript by itself: use 22.18 or newer`
    : 'Node.js runs .ts, .mts, .cts, .js, .mjs and .cjs files: compile others first'
}

function importHint(message: string): string {
  if (message.includes("package 'ai-workflows'"))
    return '. Install it beside the file: npm install ai-workflows'
  const missing = /^Cannot find module '(.+?)' imported/.exec(message)?.[1]
  const found =
    missing === undefined
      ? undefined
      : ['.ts', '.js', '.mts', '/index.ts'].find((end) => existsSync(missing + end))
  return found === undefined ? '' : `. Imports name the whole file: add "${found}"`
}

/** Node puts the position of a syntax error on the first line of its stack. */
function placeOf(thrown: unknown): string | undefined {
  const place = /^((?:file:|\/|[A-Za-z]:\\).+):(\d+)$/.exec((thrown as Error).stack?.split('\n')[0] ?? '')
  return place?.[1] === undefined ? undefined : `${asPath(place[1])}:${place[2]}`
}

/** The first frame in somebody's own code. */
function frameOf({ stack = '' }: Error): string | undefined {
  for (const line of stack.split('\n')) {
    const place = /^\s+at .*?\(?((?:file:|\/|[A-Za-z]:\\)[^()]+:\d+):\d+\)?$/.exec(line)?.[1]
    if (place !== undefined && !place.includes('/node_modules/')) return asPath(place)
  }
  return undefined
}

function asPath(place: string): string {
  if (!place.startsWith('file:')) return place
  const [, url = '', line = ''] = /^(.*?)(:\d+)?$/.exec(place) ?? []
  return fileURLToPath(url) + line
}
