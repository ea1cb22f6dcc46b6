import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { expect } from 'chai';
import { buildPage } from './build-page.ts';

/**
 * Failures of real runs, cut to one test and to what the cluster said around it. Each says what the first cause was, as people
 * found it.
 */
const CASES = [
  {
    file: 'stalled-machine',
    what: 'every probe on a busy machine failed, and the scheduler with them',
    first: 'the machine',
    evidence: /^05:17:32 probes of \d components failed at once: .*registry/,
  },
  {
    file: 'slow-failover',
    what: 'the test deleted the leading manager, and the other took too long',
    first: 'manager',
    evidence: /^06:49:14 the fault suite-lc2rs \(podDelete\) was in force$/,
  },
  {
    file: 'never-ready',
    what: 'it lost its last pod before the agents and the web server, which wait for it',
    first: 'manager',
    evidence: /^08:01:09 it had no ready pod, so its Services had no endpoints$/,
  },
] as const;

describe('the first cause of failures in real runs', () => {
  for (const { file, what, first, evidence } of CASES) {
    it(`is ${first}: ${what}`, async () => {
      const name = path.join(import.meta.dirname, 'cases', `${file}.json`);
      const run = readRunFile(await readFile(name, 'utf8'), name);
      const page = buildPage({
        ...{ file: run, logs: [], pageLogs: [], catalog: new Map(), phases: [], missing: [] },
      });
      const [cause] = page.failures[0]?.causes ?? [];
      expect(cause?.component).to.equal(first);
      expect(cause?.evidence.some((sentence) => evidence.test(sentence))).to.equal(true);
    });
  }
});
