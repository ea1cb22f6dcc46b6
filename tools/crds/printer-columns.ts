import type { KindName } from '@backendai-e2e/api/group';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  jsonPath: string;
  description: string;
  /** 0: always shown. 1: shown only with -o wide. */
  priority?: 0 | 1;
}

function column(
  name: string,
  type: PrinterColumn['type'],
  jsonPath: string,
  description: string,
): PrinterColumn {
  return { name, type, jsonPath, description };
}

/** Path of a field of a condition. */
const condition = (type: string, field = 'status') => `.status.conditions[?(@.type=="${type}")].${field}`;

/** A column that is shown only with -o wide. */
function wide(...row: Parameters<typeof column>): PrinterColumn {
  return { ...column(...row), priority: 1 };
}

const AGE = column('Age', 'date', '.metadata.creationTimestamp', 'Creation time.');
const COUNTS = [
  column('Passed', 'integer', '.status.counts.passed', 'Number of tests that passed.'),
  column('Failed', 'integer', '.status.counts.failed', 'Number of tests that failed.'),
];

/** The columns of `kubectl get` for each kind. */
export const PRINTER_COLUMNS: Record<KindName, PrinterColumn[]> = {
  TestEnvironment: [
    column('Ready', 'string', condition('Ready'), 'Whether suites can run in the environment.'),
    column('Reason', 'string', condition('Ready', 'reason'), 'Reason of the readiness.'),
    column('Namespace', 'string', '.status.namespace', 'Namespace of the deployment.'),
    wide('Drifted', 'string', condition('Drifted'), 'Whether workloads differ from what Helm installed.'),
    wide('Message', 'string', condition('Ready', 'message'), 'Observation behind the status.'),
    AGE,
  ],
  TestSuite: [
    column(
      'Area',
      'string',
      '.metadata.labels.e2e\\.backend\\.ai/area',
      'Folder of the suite under suites/.',
    ),
    column('Last', 'string', '.status.lastVerdicts[0].verdict', 'Last verdict.'),
    column('Passing', 'number', '.status.passRate', 'Share of verdicts that passed, from 0 to 1.'),
    column(
      'Flipping',
      'number',
      '.status.flipRate',
      'Share of consecutive verdicts that differ, from 0 to 1.',
    ),
    wide('Timeout', 'integer', '.spec.timeoutSeconds', 'Seconds for all tests of the suite.'),
    wide('Description', 'string', '.spec.description', 'What the suite proves.'),
    AGE,
  ],
  TestRun: [
    column('Phase', 'string', '.status.phase', 'Phase of the run.'),
    column('Verdict', 'string', '.status.verdict', 'Verdict.'),
    column('Suites', 'integer', '.status.suiteCounts.total', 'Number of suites in the run.'),
    column('Done', 'integer', '.status.suiteCounts.finished', 'Number of suites that ended.'),
    ...COUNTS,
    column('Environment', 'string', '.spec.environmentRef.name', 'First environment of the run.'),
    wide('Message', 'string', condition('Succeeded', 'message'), 'Observation behind the status.'),
    AGE,
  ],
  TestReport: [
    wide('Run', 'string', '.spec.run', 'TestRun of the attempt.'),
    column('Suite', 'string', '.spec.suite', 'TestSuite of the attempt.'),
    column('Attempt', 'integer', '.spec.attempt', 'Number of the attempt, from 1.'),
    column('Final', 'boolean', '.status.final', 'Whether the report is complete.'),
    column('Verdict', 'string', '.status.verdict', 'Verdict.'),
    ...COUNTS,
    column('Seconds', 'number', '.status.seconds', 'Duration in seconds.'),
    wide('Reason', 'string', '.status.reason', 'Reason of the verdict.'),
    AGE,
  ],
  Fault: [
    column('Environment', 'string', '.spec.environmentRef.name', 'Environment of the fault.'),
    column('Component', 'string', '.spec.target.component', 'Component of the target pods.'),
    column('Action', 'string', '.status.action', 'Action of the fault.'),
    column('Phase', 'string', '.status.phase', 'Phase of the fault.'),
    column('Seen', 'string', condition('InForce'), 'Whether a probe observed the effect.'),
    column('Healed', 'string', condition('SeenHealed'), 'Whether a probe observed that the effect is gone.'),
    wide('Message', 'string', condition('Accepted', 'message'), 'Why the fault was accepted or refused.'),
    AGE,
  ],
};
