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

/** Why the tests are skipped, for the report; empty where they are not. */
export const NO_CHROMIUM: string =
  chromiumPath === undefined ? ': needs Chromium (apt-get install chromium, or say where with CHROMIUM)' : ''
