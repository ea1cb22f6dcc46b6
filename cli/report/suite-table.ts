import type { CatalogEntry } from '../catalog/catalog.ts';

/** What a row of the table says besides the catalog. */
export interface SuiteFigures {
  /** Tests in the suite's files. */
  tests: number;
  /** Seconds of the suite in a whole run on two cores; undefined where it never ran in one. */
  seconds?: number | undefined;
}

const BEGIN = '<!-- suites: written by "./e2e suites --readme" -->';
const END = '<!-- end of suites -->';

/** The catalog as a Markdown table: suite, what it proves, tests, typical seconds, marks. */
export function suiteTable(
  catalog: readonly CatalogEntry[],
  figures: ReadonlyMap<string, SuiteFigures>,
): string {
  const rows = [...catalog]
    .sort((one, other) => one.name.localeCompare(other.name))
    .map((suite) => {
      const { tests = 0, seconds } = figures.get(suite.name) ?? {};
      const marks = (['slow', 'onDemand', 'disruptive', 'exclusive', 'waits', 'last'] as const).filter(
        (mark) => suite[mark],
      );
      const cells = [
        `\`${suite.name}\``,
        (suite.description ?? '').replaceAll('|', '\\|'),
        String(tests),
        seconds === undefined ? '–' : String(Math.max(1, Math.round(seconds))),
        [...marks, ...(suite.claims?.length ? [`claims ${suite.claims.join(' and ')}`] : [])].join(', '),
      ];
      return `| ${cells.join(' | ')} |`;
    });
  return ['| suite | proves | tests | seconds | marks |', '| --- | --- | --: | --: | --- |', ...rows].join(
    '\n',
  );
}

/** The text with the table between its two marks replaced. Throws an Error where a mark is missing. */
export function withSuiteTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`the text has no lines ${BEGIN} and ${END} to put the suites between`);
  return `${text.slice(0, from)}${BEGIN}\n${table}\n${text.slice(to)}`;
}

/** Seconds of each suite that such a text already tells: for suites that the last run left out. */
export function secondsIn(text: string): Map<string, number> {
  const rows = text.matchAll(/^\| `([a-z0-9-]+)` \|.*\| \d+ \| (\d+) \|[^|]*\|$/gm);
  return new Map([...rows].map(([, name = '', seconds]) => [name, Number(seconds)]));
}
