/** The browser of the tests: Debian's, or the one that `CHROMIUM` names. */
import { existsSync } from 'node:fs'

const COMMON = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
]

/** Its path; undefined where there is none, and the tests are skipped. */
export const chromiumPath: string | undefined =
  process.env['CHROMIUM'] ?? COMMON.find((path) => existsSync(path))

export const NO_CHROMIUM =
  'there is no Chromium: install it (apt-get install chromium), or say where it is with CHROMIUM'
