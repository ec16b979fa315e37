import type { ApiTimeline } from '../../../src/server/api.ts'
import { operationId } from '../chart/rows.ts'
import { duration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { shownName } from '../parts/shown.ts'

export function Totals(props: { timeline: ApiTimeline; now: number; onShow: (id: string) => void }) {
  const { timeline, now, onShow } = props
  const { totals, advice, run, at } = timeline
  const isLive = run.until === undefined
  const gain = totals.wall - totals.unlimited
  return (
    <div class="totals">
      <dl class="figures">
        <Figure title={isLive ? 'So far' : 'Total'} text={duration(totals.wall + (isLive ? now - at : 0))} />
        <Figure title="Work" text={duration(totals.work)} note="all steps together" />
        <Figure
          title="Speed-up"
          text={`${totals.speedUp.toFixed(totals.speedUp < 10 ? 2 : totals.speedUp < 100 ? 1 : 0)}×`}
          note="work ÷ total"
        />
        <Figure
          title="Without limits"
          text={duration(totals.unlimited)}
          note={gain > 1 && totals.wall > 0 ? `${Math.round((100 * gain) / totals.wall)}% less` : 'no less'}
        />
      </dl>
      {advice.length > 0 && (
        <ul class="advice">
          {advice.map(({ text, key, kind }) => (
            <li key={text}>
              <Icon name="bulb" />
              <span>
                <Sentence text={text} />
                {key !== undefined && (kind === 'step' || kind === 'retries') && (
                  <>
                    {' '}
                    <button
                      type="button"
                      class="link-button"
                      onClick={() => onShow(operationId({ kind: 'step', key }))}
                    >
                      Show
                    </button>
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What stands between backticks is code. */
function Sentence({ text }: { text: string }) {
  return (
    <>
      {text
        .split('`')
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{shownName(part)}</code> : part))}
    </>
  )
}

function Figure({ title, text, note }: { title: string; text: string; note?: string }) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd>
        <span class="figure-value">{text}</span>
        {note !== undefined && <span class="figure-note">{note}</span>}
      </dd>
    </div>
  )
}
