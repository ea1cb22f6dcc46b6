import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from '@tanstack/virtual-core';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import type { PageData } from '../../model/data/page-data.ts';
import { ansiPieces } from '../../model/text/ansi.ts';
import { clockTime, counted } from '../elements/words.ts';
import {
  indexAt,
  type LogLine,
  lines,
  loadLogs,
  matching,
  only,
  trouble,
  wanted,
  words,
} from '../state/log-state.ts';

import { LogStrip } from './log-strip.tsx';

/** Height of a line in CSS pixels, as in logs.css. */
const LINE = 20;

/** The logs of all containers, by time. */
export function Logs({ data, alive }: { data: PageData; alive: boolean }) {
  const all = lines.value;
  const count = data.logs.reduce((sum, log) => sum + (log.lines ?? 0), 0);
  return (
    <section aria-labelledby="logs">
      <h2 id="logs">Logs</h2>
      {data.live ? (
        <p>The cluster has logs of {counted(data.logs.length, 'container')}. The page shows their ends.</p>
      ) : (
        <p>
          {counted(count, 'line')} of {counted(data.logs.length, 'container')}
          {data.logs.some(({ omittedBytes }) => omittedBytes > 0) && ', of long logs their end'}. The folder
          logs beside this page has all of them.
        </p>
      )}
      {trouble.value && <p role="alert">{trouble.value}</p>}
      {alive && !all && data.logs.length > 0 && (
        <p>
          <button type="button" onClick={() => loadLogs()}>
            Show the logs
          </button>
        </p>
      )}
      {all && data.live && (
        <p>
          <button type="button" onClick={() => loadLogs(true)}>
            Read the logs again
          </button>
        </p>
      )}
      {all && <LogView all={all} data={data} />}
    </section>
  );
}

function LogView({ all, data }: { all: readonly LogLine[]; data: PageData }) {
  const text = words.value;
  const source = only.value;
  const shown = useMemo(() => matching(all, text, source), [all, text, source]);
  return (
    <div>
      <p class="controls">
        <label>
          Find{' '}
          <input
            type="search"
            value={text}
            onInput={(event) => {
              words.value = event.currentTarget.value;
            }}
          />
        </label>{' '}
        <label>
          Container{' '}
          <select
            value={source}
            onChange={(event) => {
              only.value = event.currentTarget.value;
            }}
          >
            <option value="">all</option>
            {data.logs.map((log) => (
              <option key={log.id} value={log.source}>
                {log.source}
              </option>
            ))}
          </select>
        </label>{' '}
        <output>{counted(shown.length, 'line')}</output>
      </p>
      <LineList shown={shown} data={data} />
    </div>
  );
}

/** Draws only the lines in view, below the time of the run. */
function LineList({ shown, data }: { shown: readonly LogLine[]; data: PageData }) {
  const box = useRef<HTMLElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const list = useMemo(
    () =>
      new Virtualizer<HTMLElement, HTMLElement>({
        count: 0,
        getScrollElement: () => box.current,
        estimateSize: () => LINE,
        overscan: 20,
        scrollToFn: elementScroll,
        observeElementRect,
        observeElementOffset,
        onChange: () => redraw(undefined),
      }),
    [],
  );
  list.setOptions({ ...list.options, count: shown.length });
  useLayoutEffect(() => list._didMount(), [list]);
  useLayoutEffect(() => list._willUpdate());
  const at = wanted.value;
  useLayoutEffect(() => {
    if (at !== undefined) list.scrollToIndex(indexAt(shown, at), { align: 'start' });
  }, [at, shown, list]);
  const first = shown[Math.round((list.scrollOffset ?? 0) / LINE)];
  return (
    <div>
      <LogStrip data={data} at={first?.at} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus */}
      <section class="log" ref={box} tabIndex={0} aria-label="Lines of the logs">
        <div class="log-all" style={{ height: `${list.getTotalSize()}px` }}>
          {list.getVirtualItems().map(({ index, start }) => {
            const line = shown[index];
            return (
              line && (
                <div key={index} class="log-line" style={{ transform: `translateY(${start}px)` }}>
                  <time>{clockTime(line.at)}</time> <b>{line.source.split('/').slice(1).join('/')}</b>{' '}
                  {ansiPieces(line.text).map(({ text, style }, place) => (
                    <span key={place} class={style}>
                      {text}
                    </span>
                  ))}
                </div>
              )
            );
          })}
        </div>
      </section>
    </div>
  );
}
