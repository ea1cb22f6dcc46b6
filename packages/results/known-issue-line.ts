/** What the first line of a test says that failed as suites/known-issues lists it. */
export interface KnownIssueLine {
  /** What is wrong with Backend.AI, in one sentence. */
  issue: string;
  /** The Backend.AI that was tested. */
  version: string;
  /** Last day on which the entry holds, YYYY-MM-DD (UTC). */
  until: string;
  /** How often its intermittent tests may fail: at most `most` of the last `of`. */
  budget?: { most: number; of: number };
}

const LISTED = /^known issue "(.*)" \(([^)]*)\), until ([\d-]+)(?:, at most (\d+) of (\d+))?$/;

/** Name of an issue in messages. */
export function knownIssueName({ issue, version }: Pick<KnownIssueLine, 'issue' | 'version'>): string {
  return `known issue "${issue}" (${version})`;
}

/** The line that the runner puts in front of the error. */
export function knownIssueLine(line: KnownIssueLine): string {
  const { until, budget } = line;
  return `${knownIssueName(line)}, until ${until}${budget ? `, at most ${budget.most} of ${budget.of}` : ''}`;
}

/** Reads the line that {@link knownIssueLine} wrote; undefined for another one. */
export function readKnownIssueLine(text: string): KnownIssueLine | undefined {
  const [, issue, version, until, most, of] = LISTED.exec(text) ?? [];
  if (issue === undefined || version === undefined || until === undefined) return undefined;
  return {
    ...{ issue, version, until },
    ...(most === undefined || of === undefined ? {} : { budget: { most: Number(most), of: Number(of) } }),
  };
}
