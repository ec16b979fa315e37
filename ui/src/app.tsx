import { useEffect, useState } from 'preact/hooks'
import { useConnectionLost } from './api/changes.ts'
import { RunList } from './list/run-list.tsx'
import { Icon } from './parts/icon.tsx'
import { useRoute } from './parts/route.ts'
import { ThemeToggle } from './parts/theme.tsx'
import { RunPage } from './run/run-page.tsx'
import { shownName } from './parts/shown.ts'

export function App() {
  const route = useRoute()
  const isLost = useConnectionLost()
  const [main, setMain] = useState<HTMLElement | null>(null)
  const place = route.page === 'run' ? route.id : 'Runs'
  useEffect(() => {
    document.title = `${shownName(place)} · ai-workflows`
  }, [place])
  return (
    <>
      <button type="button" class="skip-link" onClick={() => main?.focus()}>
        Skip to the content
      </button>
      <header class="top-bar">
        <a class="brand" href="#/">
          <span class="brand-mark">
            <Icon name="logo" />
          </span>
          ai-workflows
        </a>
        <ThemeToggle />
      </header>
      <div role="status" aria-live="polite">
        {isLost && (
          <p class="banner">
            <Icon name="warning" /> The connection to the server is lost. What is shown may be old; it goes on
            by itself when the server is back.
          </p>
        )}
      </div>
      <main tabIndex={-1} ref={setMain}>
        {route.page === 'run' ? (
          <RunPage key={route.id} id={route.id} tab={route.tab} />
        ) : (
          <RunList query={route.query} />
        )}
      </main>
    </>
  )
}
