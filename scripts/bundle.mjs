// The code in dist/: few files, because Node.js needs about as long for each one that a program imports as for reading
// a hundred recorded steps. All entry points share one copy of the library: two would not know each other's operations.
import { rolldown } from 'rolldown'

const LIBRARY = /[\\/]src[\\/](core|engine|store|create-engine\.ts)/

/** What most programs never need: loaded when it is asked for. */
const ON_DEMAND = /[\\/]src[\\/]store[\\/]sqlite[\\/](backup|doctor|vacuum)/

/** @param {string} into the folder to write to */
export async function bundle(into) {
  const build = await rolldown({
    input: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts', 'cli/main': 'src/cli/main.ts' },
    platform: 'node',
    external: /^[^./]/,
    plugins: [
      { name: 'builtins', generateBundle: (_options, files) => Object.values(files).forEach(takeBuiltins) },
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

/**
 * An `import` of a module of Node.js evaluates every property that it exports, and so loads what some of them need:
 * milliseconds for `node:fs`. This does not. As long as the line before, so that the source map holds.
 * @param {import('rolldown').OutputChunk | import('rolldown').OutputAsset} file
 */
function takeBuiltins(file) {
  if (file.type !== 'chunk') return
  file.code = file.code.replaceAll(
    /^import (\{[^}]*\}) from "(node:[^"]+)";$/gm,
    (_line, names, module) =>
      `const ${names.replaceAll(' as ', ': ')} = process.getBuiltinModule("${module}");`,
  )
}
