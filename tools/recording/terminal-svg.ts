import type { Shown } from './lines.ts';

/** Columns and rows of the terminal, and the size of a character in units of the drawing. */
const COLUMNS = 112;
const ROWS = 24;
const CHARACTER = 7.8;
const LINE = 18;
const MARGIN = 14;
/** Seconds in which the last lines stay. */
const STAY = 8;

/** Classes of lines by what they begin with or hold; the first that matches counts. */
const TONES: readonly (readonly [RegExp, string])[] = [
  [/^\$ /, 'command'],
  [/✘|\bFailed\b/, 'bad'],
  [/≈|\bKnownIssue\b/, 'odd'],
  [/✔|✓|^exit 0|\bPassed\b/, 'good'],
  [/^▸|^suite {2}|^phase {2}/, 'head'],
];

const STYLE = `
text{font:13px ui-monospace,"DejaVu Sans Mono",monospace;fill:#d5dae3;white-space:pre}
.command{fill:#fff;font-weight:700}.good{fill:#79d493}.bad{fill:#ff9aa0}.odd{fill:#f2c063}.head{fill:#8cc0ff}`;

/**
 * A terminal that plays lines again and again, as one SVG without a script. Where a reader wants no motion, it shows the end. Pure.
 * @param command what was typed
 */
export function terminalSvg(command: string, lines: readonly Shown[]): string {
  const all = [{ at: 0, text: `$ ${command}` }, ...lines.map(({ at, text }) => ({ at: at + 1, text }))];
  const seconds = Math.ceil((all.at(-1)?.at ?? 0) + STAY);
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = ROWS * LINE + 2 * MARGIN;
  // The newest line is the lowest: those below it are out of sight.
  const placeOf = (shown: number) => (ROWS - shown) * LINE;
  const frames = all.map(
    ({ at }, index) => `${((at / seconds) * 100).toFixed(2)}%{transform:translateY(${placeOf(index + 1)}px)}`,
  );
  const end = placeOf(all.length);
  const texts = all.map(({ text }, index) => {
    const tone = TONES.find(([pattern]) => pattern.test(text))?.[1];
    return `<text x="${MARGIN}" y="${MARGIN + 13 + index * LINE}"${tone ? ` class="${tone}"` : ''}>${escaped(cut(text))}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(command)} in a terminal">`,
    `<style>${STYLE}`,
    `#lines{transform:translateY(${end}px)}`,
    `@media (prefers-reduced-motion:no-preference){#lines{animation:play ${seconds}s step-end infinite}}`,
    `@keyframes play{${frames.join('')}100%{transform:translateY(${end}px)}}`,
    '</style>',
    `<rect width="${width}" height="${height}" rx="8" fill="#12151a"/>`,
    `<clipPath id="screen"><rect width="${width}" height="${ROWS * LINE + MARGIN + 4}" y="${MARGIN - 4}"/></clipPath>`,
    `<g clip-path="url(#screen)"><g id="lines">`,
    texts.join(''),
    '</g></g>',
    '</svg>',
    '',
  ].join('\n');
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= COLUMNS ? text : `${characters.slice(0, COLUMNS - 1).join('')}…`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (found) => `&#${found.codePointAt(0)};`);
}
