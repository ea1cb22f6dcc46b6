import type { TestReportStatus } from '@backendai-e2e/api/test-report';

/** The final report of a runner that ran one test. */
export function finalReport(verdict: 'Passed' | 'Failed'): TestReportStatus {
  const failed = verdict === 'Failed';
  const now = new Date().toISOString();
  return {
    final: true,
    verdict,
    startedAt: now,
    finishedAt: now,
    seconds: 1.5,
    counts: { total: 1, passed: failed ? 0 : 1, failed: failed ? 1 : 0, pending: 0, interrupted: 0 },
    ...(failed ? { reason: 'TestsFailed', message: 'adds › two numbers: expected 3 to equal 4' } : {}),
    tests: [
      {
        id: 'one',
        file: 'area/file',
        title: 'adds › two numbers',
        state: failed ? 'failed' : 'passed',
        seconds: 0.1,
        ...(failed ? { error: 'expected 3 to equal 4' } : {}),
      },
    ],
  };
}
