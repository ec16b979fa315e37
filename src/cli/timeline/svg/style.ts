/** Colours for both themes; nothing is fetched, and the fonts are the reader's own. */
const LIGHT = {
  page: '#ffffff',
  edge: '#e4e7ec',
  text: '#1c2230',
  muted: '#667085',
  grid: '#eef0f4',
  stripe: '#f8f9fb',
  done: '#5b8def',
  running: '#12a5b8',
  failed: '#e5484d',
  queued: '#c9cfda',
  backing: '#f0a020',
  waiting: '#a48ae6',
  cancelled: '#a9b0bd',
  interrupted: '#d97b16',
  group: '#98a2b3',
  critical: '#c11574',
}

const DARK: typeof LIGHT = {
  page: '#0f131a',
  edge: '#262d3a',
  text: '#e7eaf0',
  muted: '#97a1b3',
  grid: '#1c222d',
  stripe: '#131821',
  done: '#5f90ee',
  running: '#2cc0d3',
  failed: '#f2666a',
  queued: '#3d4656',
  backing: '#f0ae3c',
  waiting: '#a892ea',
  cancelled: '#5a6475',
  interrupted: '#e39745',
  group: '#6b7688',
  critical: '#ff6fb5',
}

const FILLS = ['done', 'running', 'failed', 'queued', 'waiting', 'cancelled', 'interrupted', 'group'] as const

/** Every rule is about the picture alone, also where it is put into a page. */
export const STYLE: string = [
  `.aw{${variables(LIGHT)}font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}`,
  `@media(prefers-color-scheme:dark){.aw{${variables(DARK)}}}`,
  '.aw text{fill:var(--text);font-size:12.5px;dominant-baseline:central}',
  '.aw .title{font-size:19px;font-weight:650}',
  '.aw .muted{fill:var(--muted)}',
  '.aw .axis{fill:var(--muted);font-size:11px}',
  '.aw .strong{font-weight:600}',
  '.aw .end{text-anchor:end}',
  '.aw .page{fill:var(--page);stroke:var(--edge)}',
  '.aw .stripe{fill:var(--stripe)}',
  '.aw .grid{stroke:var(--grid)}',
  ...FILLS.map((name) => `.aw .${name}{fill:var(--${name})}`),
  '.aw .backing-off{fill:var(--backing)}',
  '.aw .path{fill:none;stroke:var(--critical);stroke-width:3;stroke-linejoin:round;stroke-linecap:round}',
  '.aw .handover{fill:none;stroke:var(--critical);stroke-width:1.25;stroke-dasharray:2.5 3;opacity:.8}',
  '.aw .mark{fill:var(--critical)}',
].join('\n')

function variables(theme: typeof LIGHT): string {
  return Object.entries(theme)
    .map(([name, colour]) => `--${name}:${colour};`)
    .join('')
}
