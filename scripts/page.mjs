// The web page in dist/ui: a script, another that its tabs share, one stylesheet, nothing that is fetched from elsewhere.
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const SCRIPTS = [
  { input: 'ui/src/main.tsx', file: 'app.js' },
  { input: 'ui/src/api/hub-worker.ts', file: 'hub.js' },
]

/** @param {string} into the folder to write to */
export async function bundlePage(into) {
  mkdirSync(into, { recursive: true })
  for (const { input, file } of SCRIPTS) {
    const build = await rolldown({ input, platform: 'browser', tsconfig: 'ui/tsconfig.json' })
    await build.write({ file: join(into, file), format: 'esm', minify: true, comments: false })
    await build.close()
  }
  const styles = globSync('ui/styles/*.css').sort()
  writeFileSync(join(into, 'app.css'), styles.map((path) => readFileSync(path, 'utf8')).join('\n'))
  for (const file of ['index.html', 'icon.svg']) copyFileSync(join('ui', file), join(into, file))
}
