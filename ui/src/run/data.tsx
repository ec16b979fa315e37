import type { ApiRunDetails } from '../../../src/server/api.ts'
import type { ValueTree } from '../../../src/server/value-tree.ts'
import { api } from '../api/client.ts'
import { duration } from '../parts/format.ts'
import { Value } from '../value/value.tsx'
import { shownName } from '../parts/shown.ts'

/** What the run was given, gave, and waits for. */
export function Data({ run }: { run: ApiRunDetails }) {
  const { input, output, error, waiting, zombies } = run
  return (
    <div class="data">
      <Part title="Input" of="input" value={input} id={run.id} />
      {output !== undefined && <Part title="Output" of="output" value={output} id={run.id} />}
      {error !== undefined && <Part title="Error" of="error" value={error} id={run.id} />}
      {waiting.events.length > 0 && (
        <section class="card data-part">
          <h2>Events that no code has asked for yet</h2>
          <ul class="plain-list">
            {waiting.events.map((name, index) => (
              <li key={index}>
                <code>{shownName(name)}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      {zombies.length > 0 && (
        <section class="card data-part">
          <h2>Given up, and still running</h2>
          <ul class="plain-list">
            {zombies.map(({ step, key, since }) => (
              <li key={key}>
                <code>{step === '' ? 'the code of the run' : shownName(step)}</code> for{' '}
                {duration(Date.now() - since)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Part({ title, of, value, id }: { title: string; of: string; value: ValueTree; id: string }) {
  return (
    <section class="card data-part">
      <h2>{title}</h2>
      <Value value={value} more={async (path, from) => (await api.value(id, { of, path, from })).value} />
    </section>
  )
}
