import { useState } from 'preact/hooks'
import { Icon } from './icon.tsx'

type Theme = 'light' | 'dark'

const KEY = 'ai-workflows theme'

/** The system's, unless somebody chose another here. */
function current(): Theme {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'light' || chosen === 'dark') return chosen
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** Before the first drawing, so that nothing flashes. */
export function restoreTheme(): void {
  const chosen = stored()
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset['theme'] = chosen
}

/** A browser may forbid storage. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

export function ThemeToggle() {
  const [theme, setTheme] = useState(current)
  const other = theme === 'dark' ? 'light' : 'dark'
  const toggle = (): void => {
    document.documentElement.dataset['theme'] = other
    setTheme(other)
    try {
      localStorage.setItem(KEY, other)
    } catch {
      // It holds until the page is left.
    }
  }
  return (
    <button class="icon-button" type="button" onClick={toggle} aria-label={`Switch to ${other} theme`}>
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} />
    </button>
  )
}
