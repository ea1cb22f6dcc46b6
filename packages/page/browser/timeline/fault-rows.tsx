import type { Window } from '@backendai-e2e/results/causes/scene';
import type { PageFault } from '../../model/data/page-data.ts';
import { clockTime, duration } from '../elements/words.ts';
import type { Place } from './time-axis.tsx';

/** Height of a row of faults. */
export const FAULT_ROW = 24;
/** Width of a character of a label, about. */
const CHARACTER = 6.6;
/** Least distance of two faults in a row. */
const APART = 6;
/** Rows of a drawing. The table below it has all faults. */
const MOST_ROWS = 60;

/** A fault where it is drawn. Its label is behind it, or before it at the right edge. */
interface Laid {
  fault: PageFault;
  label: string;
  row: number;
  before: boolean;
}

/** Faults by what they hit. Those that would overlap are in rows of their own. */
export interface FaultLayout {
  laid: readonly Laid[];
  /** What each row begins with; empty for a row that continues the one above. */
  names: readonly string[];
  /** Faults that have no room. */
  left: number;
}

/**
 * Gives each fault a row: one for each component of each environment, more where bands or labels would overlap. Pure.
 * @param right where the drawing ends
 */
export function faultLayout(
  faults: readonly PageFault[],
  { place, window, right }: { place: Place; window: Window; right: number },
): FaultLayout {
  const places = new Set(faults.map(({ environment }) => environment)).size;
  const groups = new Map<string, PageFault[]>();
  for (const fault of [...faults].sort((a, b) => a.asked - b.asked)) {
    const { environment, component } = fault;
    const name = places > 1 ? `${component} (${environment})` : component;
    groups.set(name, [...(groups.get(name) ?? []), fault]);
  }
  const names: string[] = [];
  const laid: Laid[] = [];
  for (const [name, members] of [...groups].sort(byEnvironment)) {
    const ends: number[] = [];
    for (const fault of members) {
      const label = `${fault.action} ${recoveryOf(fault)}`;
      const width = label.length * CHARACTER + APART;
      const [from, to] = [place(fault.asked), place(endOf(fault, window)) + APART];
      const before = to + width > right;
      const start = before ? from - width : from;
      const free = ends.findIndex((end) => end + APART <= start);
      const inGroup = free < 0 ? ends.length : free;
      ends[inGroup] = before ? to : to + width;
      laid.push({ fault, label, row: names.length + inGroup, before });
    }
    names.push(...ends.map((_, index) => (index === 0 ? name : '')));
  }
  const shown = laid.filter(({ row }) => row < MOST_ROWS);
  return { laid: shown, names: names.slice(0, MOST_ROWS), left: laid.length - shown.length };
}

function byEnvironment([, [a]]: [string, PageFault[]], [, [b]]: [string, PageFault[]]): number {
  return (a?.environment ?? '').localeCompare(b?.environment ?? '') || (a?.asked ?? 0) - (b?.asked ?? 0);
}

/** When the last moment of a fault is over. */
function endOf({ healed, seenHealed }: PageFault, { to }: Window): number {
  return seenHealed ?? healed ?? to;
}

interface Drawn {
  layout: FaultLayout;
  place: Place;
  window: Window;
  top: number;
  /** Whether the script runs. Without it, the table below has the moments of each fault. */
  alive: boolean;
}

/** A band for each fault: asked → injected → seen in force → healed → seen healed. */
export function FaultRows({ layout: { laid, names }, place, window, top, alive }: Drawn) {
  return (
    <g transform={`translate(0 ${top})`}>
      {names.map(
        (name, row) =>
          name !== '' && (
            <text key={name} x={4} y={row * FAULT_ROW + 17} class="lane">
              ⚡ {name}
            </text>
          ),
      )}
      {laid.map((each) => (
        <FaultBand key={each.fault.name} {...each} place={place} window={window} alive={alive} />
      ))}
    </g>
  );
}

function FaultBand({
  fault,
  label,
  row,
  before,
  place,
  window,
  alive,
}: Laid & Omit<Drawn, 'layout' | 'top'>) {
  const { asked, injected, seenInForce, healed, seenHealed } = fault;
  const parts = [
    ['asked', asked, injected],
    ['injected', injected, seenInForce],
    ['in-force', seenInForce, healed],
    ['healed', healed, seenHealed],
  ] as const;
  const y = row * FAULT_ROW;
  return (
    <g>
      {alive && <title>{momentsOf(fault)}</title>}
      {parts.map(([name, from, to]) => {
        if (from === undefined) return null;
        const width = Math.max(1.5, place(to ?? window.to) - place(from));
        return (
          <rect
            key={name}
            class={`band-${name}`}
            x={place(from)}
            y={y + 3}
            width={Math.round(width * 10) / 10}
            height={18}
          />
        );
      })}
      <text
        x={before ? place(asked) - APART : place(endOf(fault, window)) + APART}
        y={y + 17}
        class={before ? 'before' : undefined}
      >
        {label}
      </text>
    </g>
  );
}

/** Faults of an environment while they had an effect, behind what they may explain. */
export function FaultShades({
  faults,
  environment,
  place,
  window,
  height,
}: Pick<Drawn, 'place' | 'window'> & { faults: readonly PageFault[]; environment: string; height: number }) {
  return (
    <g class="shades">
      {faults
        .filter((fault) => fault.environment === environment && fault.injected !== undefined)
        .map(({ name, injected = window.to, healed = window.to }) => (
          <rect
            key={name}
            x={place(injected)}
            width={Math.max(1.5, Math.round((place(healed) - place(injected)) * 10) / 10)}
            height={height}
          />
        ))}
    </g>
  );
}

/** Seconds from the end of the effect to the proof of it: none where two clocks say less. */
function recoveryOf({ healed, seenHealed }: PageFault): string {
  if (healed === undefined) return 'not healed';
  return seenHealed === undefined
    ? 'not seen healed'
    : `+${duration(Math.max(0, seenHealed - healed) / 1000)}`;
}

function momentsOf({ name, asked, injected, seenInForce, healed, seenHealed }: PageFault): string {
  const moments = [
    ['asked', asked],
    ['injected', injected],
    ['seen in force', seenInForce],
    ['healed', healed],
    ['seen healed', seenHealed],
  ] as const;
  return `${name}: ${moments.map(([what, at]) => `${what} ${clockTime(at)}`).join(', ')}`;
}
