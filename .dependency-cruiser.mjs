// Who may import whom. A layer may import itself and the layers listed; core, which is pure, nothing else at all.
const layers = {
  core: [],
  effects: ['core'],
  engine: ['core', 'effects'],
  restate: ['core', 'effects'],
  store: ['core'],
  testing: ['core'],
  timeline: ['core'],
  telemetry: ['core'],
  server: ['core', 'timeline'],
  cli: ['core', 'engine', 'restate', 'store', 'testing', 'timeline', 'server'],
}
/** index.ts and what it puts together: see code of every layer below it, and are seen by the command line alone. */
const front = '^src/(index|create-engine)\\.ts$'
const frontDoor = ['core', 'effects', 'engine', 'store', 'timeline', 'telemetry']

const tests = '\\.test(-d)?\\.ts$'
const oneOf = (names) => `^src/(${names.join('|')})/`

/** Unit tests lie beside their source and may import anything. */
const code = (path, rest = {}) => ({ path, pathNot: tests, ...rest })

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  comment: `${layer} may import: ${[layer, ...allowed].join(', ')}${layer === 'cli' ? ', the front door' : ''}`,
  severity: 'error',
  from: code(`^src/${layer}/`),
  to: {
    path: '^src/',
    pathNot: [oneOf([layer, ...allowed]), ...(layer === 'cli' ? [front] : [])],
  },
}))

export default {
  forbidden: [
    ...layerRules,
    {
      name: 'layer-index',
      comment: 'the front door puts together core, engine, store, timeline and telemetry',
      severity: 'error',
      from: { path: front },
      to: { path: '^src/', pathNot: [front, oneOf(frontDoor)] },
    },
    {
      name: 'layer-unknown',
      comment: 'a new folder in src needs a line in the table above',
      severity: 'error',
      from: code('^src/', { pathNot: [tests, front, oneOf(Object.keys(layers))] }),
      to: {},
    },
    {
      name: 'core-is-pure',
      comment:
        'no disks, processes or clocks in core: of Node only async_hooks and util, of npm only the schema types',
      severity: 'error',
      from: code('^src/core/'),
      to: {
        pathNot: ['^src/', '^(node:)?(async_hooks|util)$', '^node_modules/@standard-schema/spec/'],
        couldNotResolve: false,
      },
    },
    {
      name: 'stores-are-independent',
      comment: 'one store never imports another; what they share goes to src/store/shared',
      severity: 'error',
      from: code('^src/store/(memory|sqlite)/'),
      to: { path: '^src/store/(memory|sqlite)/', pathNot: '^src/store/$1/' },
    },
    {
      name: 'sqlite-stays-home',
      comment: 'only the SQLite store knows SQLite',
      severity: 'error',
      from: code('^src/', { pathNot: [tests, '^src/store/sqlite/'] }),
      to: { path: '^(node:)?sqlite$' },
    },
    {
      name: 'opentelemetry-stays-home',
      comment: 'an optional peer: only what is loaded on demand may import it',
      severity: 'error',
      from: code('^src/', { pathNot: [tests, '^src/telemetry/'] }),
      to: { path: ['^node_modules/@opentelemetry/', '^src/telemetry/(?!registered\\.ts)'] },
    },
    {
      name: 'restate-stays-home',
      comment: 'an optional peer: only who serves workflows to Restate needs it',
      severity: 'error',
      from: code('^src/', { pathNot: [tests, '^src/restate/'] }),
      to: { path: ['^node_modules/@restatedev/', '^@restatedev/'] },
    },
    {
      name: 'nothing-outside-src',
      comment: 'the library imports no test, benchmark, example, audit or script',
      severity: 'error',
      from: code('^src/'),
      to: { pathNot: ['^src/', '^node_modules/', '^(node:)?[a-z0-9_/]+$'], couldNotResolve: false },
    },
    {
      name: 'no-import-of-tests',
      severity: 'error',
      from: code('^src/'),
      to: { path: tests },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'what is published imports only what a user installs',
      severity: 'error',
      from: code('^src/'),
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'no-cycles',
      comment: 'no cycles, not even of types: what two files need of each other is a third thing',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true, // type imports count
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: ['node_modules', '^(test|bench|examples|audit|scripts|ui)/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
}
