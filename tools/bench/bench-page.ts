import { type BenchJudgement, type BenchRow, judgedValue, judgementOf } from './bench-row.ts';

const WIDTH = 640;
const COLORS: Record<BenchJudgement, string> = { within: '#2e7d32', noise: '#b26a00', worse: '#c62828' };
const WORDS: Record<BenchJudgement, string> = {
  within: 'within its goal',
  noise: 'beyond its goal by less than its spread',
  worse: 'worse than its goal',
};

/**
 * The page of a bench: each row with its value, its goal, its trials and its spread. It needs no network and runs no script.
 * @param at when it was measured
 */
export function benchPage(rows: readonly BenchRow[], failures: readonly string[], at: Date): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>backendai-e2e: bench</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  svg { width: 100%; height: auto; }
  dl { display: flex; flex-wrap: wrap; gap: 0 1.5rem; margin: 0; }
  dt { opacity: .7; } dd { margin: 0; } dl div { display: flex; gap: .4rem; }
</style>
<h1>Bench</h1>
<p>Measured at ${escaped(at.toISOString())}. The line is the goal, the bar the median, the dots the trials, the whisker the spread.</p>
${rows.map(section).join('\n')}
${failures.length > 0 ? `<h2>Not measured</h2>\n<ul>${failures.map((each) => `<li>${escaped(each)}</li>`).join('')}</ul>\n` : ''}</html>
`;
}

function section(row: BenchRow): string {
  const judgement = judgementOf(row);
  const sign = row.better === 'lower' ? '≤' : '≥';
  const facts: [string, string][] = [
    ['ours', `${row.ours} ${row.unit}`],
    ['floor', `${row.floor} ${row.unit}`],
    [row.by, `${judgedValue(row)} ${unitOf(row)}`],
    ['goal', `${sign} ${row.goal} ${unitOf(row)}`],
    ['spread', `${row.spread}`],
    ['judgement', WORDS[judgement]],
  ];
  return `<h2>${escaped(row.name)}</h2>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escaped(value.trim())}</dd></div>`).join('')}</dl>
${plot(row, judgement)}`;
}

function plot(row: BenchRow, judgement: BenchJudgement): string {
  const value = judgedValue(row);
  const low = Math.min(0, value - row.spread, ...row.trials);
  const high = Math.max(value + row.spread, row.goal, ...row.trials) * 1.05 || 1;
  const x = (at: number): string => (((at - low) / (high - low)) * WIDTH).toFixed(1);
  const line = (at: number, top: number, bottom: number, style: string): string =>
    `<line x1="${x(at)}" x2="${x(at)}" y1="${top}" y2="${bottom}" ${style}/>`;
  const bar = Number(x(value)) - Number(x(0));
  return [
    `<svg viewBox="-4 0 ${WIDTH + 8} 40" role="img" aria-label="${escaped(`${row.by} ${value}, goal ${row.goal}: ${WORDS[judgement]}`)}">`,
    `<rect x="${Math.min(Number(x(0)), Number(x(value)))}" y="10" width="${Math.abs(bar).toFixed(1)}" height="14" fill="${COLORS[judgement]}"/>`,
    `<line x1="${x(value - row.spread)}" x2="${x(value + row.spread)}" y1="17" y2="17" stroke="currentColor"/>`,
    line(row.goal, 2, 32, 'stroke="currentColor" stroke-dasharray="4 3"'),
    ...row.trials.map((trial) => `<circle cx="${x(trial)}" cy="32" r="3" fill="currentColor"/>`),
    '</svg>',
  ].join('');
}

function unitOf({ by, unit }: BenchRow): string {
  return by === 'difference' ? unit : '';
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
