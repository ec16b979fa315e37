// The code in dist/: few files, because Node.js needs about as long for each one that a program imports as for reading
// a hundred recorded steps. All entry points share one copy of the library: two would not know each other's operations.
import { rolldown } from 'rolldown'

const LIBRARY =
  /[\\/]src[\\/](core|effects|engine|store|timeline|create-engine\.ts|telemetry[\\/]registered\.ts)/

/** What most programs never need: loaded when it is asked for. */
const ON_DEMAND = /[\\/]src[\\/]store[\\/]sqlite[\\/](backup|doctor|vacuum)/

/** @param {string} into the folder to write to */
export async function bundle(into) {
  const build = await rolldown({
    input: {
      index: 'src/index.ts',
      'testing/index': 'src/testing/index.ts',
      'telemetry/open-telemetry': 'src/telemetry/open-telemetry.ts',
      'restate/index': 'src/restate/index.ts',
      'server/index': 'src/server/index.ts',
      'cli/main': 'src/cli/main.ts',
    },
    platform: 'node',
    external: /^[^./]/,
    plugins: [
      { name: 'quick-to-load', generateBundle: (_options, files) => Object.values(files).forEach(hasten) },
    ],
  })
  await build.write({
    dir: into,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    sourcemap: true,
    sourcemapExcludeSources: true, // the package has them
    comments: false,
    codeSplitting: {
      groups: [
        { debugName: 'library', name: (id) => (LIBRARY.test(id) && !ON_DEMAND.test(id) ? 'library' : null) },
      ],
    },
  })
  await build.close()
}

/** @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} file */
function hasten(file) {
  if (file.type === 'chunk') file.code = inAscii(takeBuiltins(file.code))
}

/**
 * An `import` of a module of Node.js evaluates every property that it exports, and so loads what some of them need:
 * milliseconds for `node:fs`. This does not. As long as the line before, so that the source map holds.
 * @param {string} code
 */
function takeBuiltins(code) {
  return code.replaceAll(
    /^import (\{[^}]*\}) from "(node:[^"]+)";$/gm,
    (_line, names, module) =>
      `const ${names.replaceAll(' as ', ': ')} = process.getBuiltinModule("${module}");`,
  )
}

/**
 * A single `…` in a message makes Node.js keep, and read, the whole file at two bytes a character. Such characters are in
 * literals alone, where an escape says the same.
 * @param {string} code
 */
function inAscii(code) {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
