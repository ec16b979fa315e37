import { render } from 'preact'
import { App } from './app.tsx'
import { restoreTheme } from './parts/theme.tsx'

restoreTheme()
// Of the way here: everything that says where one is comes after `#`.
if (location.search !== '') history.replaceState(null, '', location.pathname + location.hash)
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
