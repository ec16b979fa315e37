/** The folder of this package: as far above this file as above `dist/chunks`, where it is built into. */
export const PACKAGE_ROOT: URL = new URL('../..', import.meta.url)
