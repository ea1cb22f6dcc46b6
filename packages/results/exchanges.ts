/** A request of a test and its answer, as a failure lists it. */
export interface ListedExchange {
  /** When the answer came, RFC 3339. */
  at: string;
  /** For HTTP: method, path with query, and body. */
  request: string;
  /** For HTTP: status and body. */
  answer: string;
  seconds: number;
  /** How often in a row. */
  times: number;
}

/** An HTTP exchange, read from the text of a failure. */
export interface HttpExchange {
  /** When the answer came, ms since 1970. */
  at: number;
  method: string;
  /** Without its query, which may hold what a user entered. */
  path: string;
  /** Absent if an error came instead of an answer. */
  status?: number;
  seconds: number;
  /** How often in a row. */
  times: number;
}

/** Begins the list. */
const HEADING = 'Last requests:';
/** Time and request, then status, text and duration, as {@link exchangeList} writes them. */
const REQUEST = /^ {2}(?<at>\d{4}-\d\d-\d\dT[\d:.]+Z) (?<method>[A-Z]+) (?<path>\/[^\s?]*)/;
const ANSWER = /^ {4}→ (?:(?<status>[1-5]\d\d) )?.*\((?<seconds>[\d.]+) s(?:, (?<times>\d+) times)?\)$/;

/** The list of exchanges in the text of a failure, which {@link exchangesIn} reads. Empty for none. */
export function exchangeList(exchanges: readonly ListedExchange[]): string {
  if (exchanges.length === 0) return '';
  const lines = exchanges.flatMap(({ at, request, answer, seconds, times }) => [
    `  ${at} ${request}`,
    `    → ${answer} (${seconds} s${times > 1 ? `, ${times} times` : ''})`,
  ]);
  return [HEADING, ...lines].join('\n');
}

/** The text of a failure in two parts: what went wrong, and the list of exchanges with what follows it. Either may be empty. */
export function splitFailure(error: string): { message: string; requests: string } {
  const lines = error.split('\n');
  const from = lines.indexOf(HEADING);
  if (from < 0) return { message: error, requests: '' };
  return { message: lines.slice(0, from).join('\n'), requests: lines.slice(from).join('\n') };
}

/** The last HTTP exchanges in the text of a failure, oldest first. Other lines are left out: SQL, cut ones, and forged ones. */
export function exchangesIn(error: string): HttpExchange[] {
  const lines = error.split('\n');
  const from = lines.indexOf(HEADING);
  if (from < 0) return [];
  return lines.slice(from + 1).flatMap((line, index, all): HttpExchange[] => {
    const request = REQUEST.exec(line)?.groups;
    const answer = ANSWER.exec(all[index + 1] ?? '')?.groups;
    const at = Date.parse(request?.at ?? '');
    if (!request || !answer || Number.isNaN(at)) return [];
    return [
      {
        ...{ at, method: request.method ?? '', path: request.path ?? '' },
        ...(answer.status ? { status: Number(answer.status) } : {}),
        ...{ seconds: Number(answer.seconds), times: Number(answer.times ?? 1) },
      },
    ];
  });
}
