// biome-ignore-all lint/a11y/useSemanticElements: a table cannot be drawn in part, so its roles are given
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names the active cell
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid takes the keys for its cells
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import type { PastData } from '../../model/data/past-data.ts';
import { stateOf } from '../../model/past/cells.ts';
import { glyphOf, toneOf } from '../elements/words.ts';
import { active, chosen, compare, opened, pastTests, pastTrouble, toggle } from '../state/past-state.ts';
import { Comparison } from './comparison.tsx';
import { cellWords, dayOf, type GridRow, rowsOf } from './grid-rows.ts';

/** Sizes in CSS pixels, as in history.css. */
const CELL = 24;
const ROW = 24;
const HEAD = 44;
/** Cells beyond the edge that are drawn before they come into view. */
const MORE = 6;
const DAY_EVERY = 3;

interface View {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Suites by runs, the newest run first. A suite opens to its tests. Only what is in view is drawn. */
export function PastGrid({ past }: { past: PastData }) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [tests, open] = [pastTests.value, opened.value];
  const rows = useMemo(() => rowsOf(past, tests, open), [past, tests, open]);
  useLayoutEffect(() => {
    redraw(undefined);
    const observer = new ResizeObserver(() => redraw(undefined));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const view = viewOf(box.current);
  const names = Math.min(320, Math.round(view.width * 0.42));
  const place = active.value;
  const from = Math.max(0, Math.floor(view.left / CELL) - MORE);
  const to = Math.min(past.runs.length, Math.ceil((view.left + view.width - names) / CELL) + MORE);
  const top = Math.max(0, Math.floor(view.top / ROW) - MORE);
  const bottom = Math.min(rows.length, Math.ceil((view.top + view.height - HEAD) / ROW) + MORE);
  // A cell that is scrolled away is not in the document, and the grid must not name it.
  const isDrawn =
    (place.row < 0 || (place.row >= top && place.row < bottom)) &&
    (place.run < 0 || (place.run >= from && place.run < to));
  return (
    <div>
      <p>
        A row is a suite, a column a run, the newest on the left. Choose a name to show its tests, a cell to
        compare it with the run before. Arrow keys move, Enter chooses.
      </p>
      {pastTrouble.value && <p role="alert">{pastTrouble.value}</p>}
      <div
        ref={box}
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label="Verdicts by suite and run"
        aria-rowcount={rows.length + 1}
        aria-colcount={past.runs.length + 1}
        aria-activedescendant={isDrawn ? idOf(place.row, place.run) : undefined}
        onScroll={() => redraw(undefined)}
        onKeyDown={(event) => {
          if (pressed(event.key, past, rows, names, box.current)) event.preventDefault();
        }}
      >
        <div
          class="grid-all"
          role="presentation"
          style={{ width: `${names + past.runs.length * CELL}px`, height: `${HEAD + rows.length * ROW}px` }}
        >
          <HeadRow past={past} from={from} to={to} names={names} />
          {rows.slice(top, bottom).map((row, index) => (
            <Row
              key={`${row.suite} ${row.isTest ? row.row.name : ''}`}
              past={past}
              row={row}
              place={top + index}
              from={from}
              to={to}
              names={names}
            />
          ))}
        </div>
      </div>
      {chosen.value && <Comparison past={past} chosen={chosen.value} />}
    </div>
  );
}

interface Drawn {
  past: PastData;
  from: number;
  to: number;
  names: number;
}

function HeadRow({ past, from, to, names }: Drawn) {
  return (
    <div class="grid-head" role="row" aria-rowindex={1}>
      <div class="grid-name" role="columnheader" id={idOf(-1, -1)} style={{ width: `${names}px` }}>
        suite
      </div>
      {past.runs.slice(from, to).map((run, index) => {
        const place = from + index;
        const verdict = run.verdict ?? 'no verdict';
        return (
          <div
            key={place}
            class={classOf(verdict, isActive(-1, place))}
            role="columnheader"
            id={idOf(-1, place)}
            aria-colindex={place + 2}
            aria-label={`${run.name}, ${dayOf(run.at)}: ${verdict}`}
            title={`${run.name}, ${dayOf(run.at)}: ${verdict}`}
            style={{ left: `${names + place * CELL}px` }}
            onClick={() => choose(-1, place, undefined)}
          >
            {place % DAY_EVERY === 0 && <span class="day">{dayOf(run.at)}</span>}
            {glyphOf(verdict)}
          </div>
        );
      })}
    </div>
  );
}

function Row({ past, row, place, from, to, names }: Drawn & { row: GridRow; place: number }) {
  const open = opened.value.has(row.suite);
  return (
    <div
      class={row.isTest ? 'grid-row grid-test' : 'grid-row'}
      role="row"
      aria-rowindex={place + 2}
      style={{ top: `${HEAD + place * ROW}px` }}
    >
      <div
        class={`grid-name${isActive(place, -1) ? ' active' : ''}`}
        role="rowheader"
        id={idOf(place, -1)}
        title={row.row.name}
        {...(row.isTest ? {} : { 'aria-expanded': open })}
        style={{ width: `${names}px` }}
        onClick={() => choose(place, -1, row)}
      >
        {row.isTest ? '' : open ? '▾ ' : '▸ '}
        {row.row.name}
      </div>
      {past.runs.slice(from, to).map((_, index) => {
        const run = from + index;
        const state = stateOf(row.row.cells[run]);
        const told = cellWords(past, row, run);
        return (
          <div
            key={run}
            class={classOf(state, isActive(place, run))}
            role="gridcell"
            id={idOf(place, run)}
            aria-colindex={run + 2}
            aria-label={told}
            title={told}
            style={{ left: `${names + run * CELL}px` }}
            onClick={() => choose(place, run, row)}
          >
            {state === undefined ? '' : glyphOf(state)}
          </div>
        );
      })}
    </div>
  );
}

function choose(row: number, run: number, chosenRow: GridRow | undefined): void {
  active.value = { row, run };
  const done =
    run >= 0
      ? compare(run, chosenRow?.suite)
      : chosenRow && !chosenRow.isTest
        ? toggle(chosenRow.suite)
        : Promise.resolve();
  // Tests that cannot be loaded are said in the page.
  done.catch(() => undefined);
}

/** Moves or chooses by a key. Whether the key meant something. */
function pressed(
  key: string,
  past: PastData,
  rows: readonly GridRow[],
  names: number,
  box: HTMLElement | null,
): boolean {
  const { row, run } = active.value;
  if (key === 'Enter' || key === ' ') {
    choose(row, run, rows[row]);
    return true;
  }
  const page = Math.max(1, Math.floor(((box?.clientHeight ?? 0) - HEAD) / ROW) - 1);
  const last = past.runs.length - 1;
  const moves: Record<string, readonly [number, number]> = {
    ArrowDown: [row + 1, run],
    ArrowUp: [row - 1, run],
    ArrowLeft: [row, run - 1],
    ArrowRight: [row, run + 1],
    PageDown: [row + page, run],
    PageUp: [row - page, run],
    Home: [row, -1],
    End: [row, last],
  };
  const [toRow, toRun] = moves[key] ?? [];
  if (toRow === undefined || toRun === undefined) return false;
  active.value = {
    row: Math.min(rows.length - 1, Math.max(-1, toRow)),
    run: Math.min(last, Math.max(-1, toRun)),
  };
  show(box, active.value.row, active.value.run, names);
  return true;
}

/** Scrolls a cell into view. */
function show(box: HTMLElement | null, row: number, run: number, names: number): void {
  if (!box) return;
  const [top, left] = [Math.max(0, row) * ROW, Math.max(0, run) * CELL];
  const height = box.clientHeight - HEAD - ROW;
  const width = box.clientWidth - names - CELL;
  if (box.scrollTop > top) box.scrollTop = top;
  else if (box.scrollTop + height < top) box.scrollTop = top - height;
  if (box.scrollLeft > left) box.scrollLeft = left;
  else if (box.scrollLeft + width < left) box.scrollLeft = left - width;
}

function viewOf(box: HTMLElement | null): View {
  if (!box) return { left: 0, top: 0, width: 800, height: 480 };
  return { left: box.scrollLeft, top: box.scrollTop, width: box.clientWidth, height: box.clientHeight };
}

function isActive(row: number, run: number): boolean {
  return active.value.row === row && active.value.run === run;
}

function classOf(state: string | undefined, isChosen: boolean): string {
  return `grid-cell ${state === undefined ? 'none' : `fill-${toneOf(state)}`}${isChosen ? ' active' : ''}`;
}

function idOf(row: number, run: number): string {
  return `cell-${row + 1}-${run + 1}`;
}
