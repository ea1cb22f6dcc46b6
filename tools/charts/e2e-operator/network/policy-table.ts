import { readFileSync } from 'node:fs';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '../../../../docs/network-policies.md');

/** In a row, in place of a port. */
export const EVERY_PORT = 'every port';

/** A row of "Who reaches whom" in docs/network-policies.md. */
export interface PolicyRow {
  /** Names of the two ends. */
  from: string;
  to: string;
  /** A TCP port in digits, or EVERY_PORT. */
  port: string;
  allowed: boolean;
}

/** The rows of the table, in order. */
export function policyTable(): PolicyRow[] {
  return readFileSync(PAGE, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from, to, port, allowed] =
        /^\| ([^|]+) \| ([^|]+) \| (\d+|every port) \| (yes|no) \|$/.exec(line) ?? [];
      return from && to && port ? [{ from, to, port, allowed: allowed === 'yes' }] : [];
    });
}
