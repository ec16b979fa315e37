import { render } from 'preact'
import { App } from './app.tsx'
import { restoreTheme } from './parts/theme.tsx'

restoreTheme()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
