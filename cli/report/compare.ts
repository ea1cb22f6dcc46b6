import type { Comparison, TestChange } from '@backendai-e2e/results/comparison';
import { seconds } from '@backendai-e2e/results/duration';
import type { MeasuredChange } from '@backendai-e2e/results/history/measurement-gate';
import { nameOf } from '@backendai-e2e/results/test-record';
import type { Shown } from '../terminal/output.ts';
import { fitted } from '../terminal/table.ts';

/** A comparison as a result of a command, with what the runs measured differently. */
export function compared(result: Comparison, measured: readonly MeasuredChange[] = []): Shown {
  const part = (heading: string, changes: readonly TestChange[], columns: number | undefined): string[] =>
    changes.length === 0
      ? []
      : [
          `${heading} (${changes.length}):`,
          ...fitted(
            ['test', 'before', 'after'],
            changes.map((one) => [
              nameOf(one),
              stateAndTime(one.before, one.secondsBefore),
              stateAndTime(one.after, one.secondsAfter),
            ]),
            columns,
          ),
          '',
        ];
  return {
    data: { ...result, measured },
    table: (columns) => [
      ...testedLine(result.backendAi),
      `from ${result.before} to ${result.after}: ${result.broke.length} broke, ${result.fixed.length} fixed, ` +
        `${result.stillBad.length} still bad, ${result.added.length} new, ${result.gone.length} gone, ${result.slower.length} slower`,
      '',
      ...part('broke', result.broke, columns),
      ...part('fixed', result.fixed, columns),
      ...part('still bad', result.stillBad, columns),
      ...part('slower', result.slower, columns),
      ...part('new', result.added, columns),
      ...part('gone', result.gone, columns),
      ...measurements(measured, columns),
    ],
  };
}

function measurements(measured: readonly MeasuredChange[], columns: number | undefined): string[] {
  if (measured.length === 0) return [];
  const rows = measured.map(({ suite, name, unit, before, after, judgement }) => [
    ...[suite, name, `${before} ${unit}`, `${after} ${unit}`, judgement],
  ]);
  const head = ['suite', 'measurement', 'before', 'after', ''];
  return [`measured differently (${measured.length}):`, ...fitted(head, rows, columns), ''];
}

/** "Backend.AI 26.9.0 → 26.9.6"; nothing where the runs do not say. */
function testedLine({ before, after }: Comparison['backendAi']): string[] {
  if (before.length === 0 && after.length === 0) return [];
  const name = (builds: readonly string[]) => builds.join(', ') || 'unknown';
  return [`Backend.AI ${name(before)} → ${name(after)}`];
}

function stateAndTime(state: string | undefined, time: number | undefined): string {
  return state === undefined ? '' : `${state}${time === undefined ? '' : `, ${seconds(time)}`}`;
}
