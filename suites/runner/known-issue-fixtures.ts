import type { KnownIssue } from './known-issue.ts';

/** An entry of the list, for tests. */
export const ISSUE: KnownIssue = {
  issue: 'It is wrong',
  since: '1.0.0',
  until: '1.0.1',
  evidence: 'seen',
  owner: 'maintainers',
  expires: '2026-06-30',
  tests: [{ file: 'area/one', title: 'a › b', symptom: 'expected 1' }],
};
