import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MIT = 'The MIT License\n\nPermission is hereby granted, free of\ncharge, to any person …\n'

/** Installs `count` small packages, and some that are particular, in `root`. */
export function installPackages(root: string, count: number): void {
  const put = (path: string, text: string): void => {
    const file = join(root, 'node_modules', path)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
  const install = (path: string, manifest: object): void =>
    put(`${path}/package.json`, JSON.stringify(manifest))

  for (let n = 0; n < count; n++) {
    install(`plain-${n}`, { name: `plain-${n}`, version: '1.0.0', license: n % 3 === 0 ? 'ISC' : 'MIT' })
    put(`plain-${n}/lib/index.js`, 'x'.repeat(n))
  }
  install('@scope/inside', { name: '@scope/inside', version: '2.0.0', license: { type: 'BSD-2-Clause' } })
  install('plain-0/node_modules/plain-1', {
    name: 'plain-1',
    version: '0.9.0',
    licenses: [{ type: 'MIT' }, { type: 'GPL' }],
  })
  install('text-only', { name: 'text-only', version: '1.0.0' })
  put('text-only/LICENCE.md', MIT)
  install('unlicensed', { name: 'unlicensed', version: '1.0.0', license: '' })
  install('big', { name: 'big', version: '1.0.0', license: 'MIT' })
  put('big/data.bin', 'x'.repeat(100_000))
  put('damaged/package.json', '{ "name": ')
  put('.bin/tool', '')
  put('no-package/readme.md', '')
}

/** How many packages it finds among them. */
export function packagesIn(count: number): number {
  return count + 6
}
