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
  column('Known', 'integer', '.status.counts.knownIssue', 'Number of tests that failed as a known issue.'),
];
/** The first failed test of a report. The API server shows the first match of a path. */
const FIRST_FAILED = '.status.tests[?(@.state=="failed")]';

const FIRST_CAUSE = wide(
  'First cause',
  'string',
  '.status.firstCause',
  'What most likely caused the first failure, with the evidence.',
);

/** The columns of `kubectl get` for each kind. Texts of any length come last: they widen the line only where they are. */
export const PRINTER_COLUMNS: Record<KindName, PrinterColumn[]> = {
  TestEnvironment: [
    column('Ready', 'string', condition('Ready'), 'Whether suites can run in the environment.'),
    column('Reason', 'string', condition('Ready', 'reason'), 'Reason of the readiness.'),
    column(
      'Backend.AI',
      'string',
      '.status.components[?(@.name=="manager")].version',
      'Version of Backend.AI, as the manager has it.',
    ),
    column('Namespace', 'string', '.status.namespace', 'Namespace of the deployment.'),
    AGE,
    wide('Drifted', 'string', condition('Drifted'), 'Whether workloads differ from what Helm installed.'),
    wide('Message', 'string', condition('Ready', 'message'), 'Observation behind the status.'),
  ],
  TestSuite: [
    column(
      'Area',
      'string',
      '.metadata.labels.e2e\\.backend\\.ai/area',
      'Folder of the suite under suites/.',
    ),
    column('Last', 'string', '.status.lastVerdicts[0].verdict', 'Last verdict.'),
    column(
      'Since',
      'date',
      '.status.lastVerdicts[0].since',
      'Start of the unbroken streak of working or failing verdicts.',
    ),
    column('Passing', 'number', '.status.passRate', 'Share of verdicts that passed, from 0 to 1.'),
    column(
      'Flipping',
      'number',
      '.status.flipRate',
      'Share of consecutive verdicts that differ, from 0 to 1.',
    ),
    AGE,
    wide('Timeout', 'integer', '.spec.timeoutSeconds', 'Seconds for all tests of the suite.'),
    wide('Run', 'string', '.status.lastVerdicts[0].run', 'TestRun of the last verdict.'),
    wide('Description', 'string', '.spec.description', 'What the suite proves.'),
  ],
  TestRun: [
    column('Phase', 'string', '.status.phase', 'Phase of the run.'),
    column('Verdict', 'string', '.status.verdict', 'Verdict.'),
    column('Suites', 'integer', '.status.suiteCounts.total', 'Number of suites in the run.'),
    column('Done', 'integer', '.status.suiteCounts.finished', 'Number of suites that ended.'),
    ...COUNTS,
    column('Backend.AI', 'string', '.status.backendAi[0]', 'Backend.AI that was tested.'),
    AGE,
    column(
      'First failure',
      'string',
      '.status.firstFailure',
      'First suite that keeps the run from succeeding.',
    ),
    wide(
      'Failed suites',
      'integer',
      '.status.suiteCounts.failed',
      'Number of suites that keep the run from succeeding.',
    ),
    wide('Environment', 'string', '.spec.environmentRef.name', 'First environment of the run.'),
    wide('Message', 'string', condition('Succeeded', 'message'), 'Observation behind the status.'),
    FIRST_CAUSE,
  ],
  TestReport: [
    column('Suite', 'string', '.spec.suite', 'TestSuite of the attempt.'),
    column('Attempt', 'integer', '.spec.attempt', 'Number of the attempt, from 1.'),
    column('Verdict', 'string', '.status.verdict', 'Verdict.'),
    ...COUNTS,
    column('Seconds', 'number', '.status.seconds', 'Duration in seconds.'),
    AGE,
    column('First failure', 'string', `${FIRST_FAILED}.title`, 'Title of the first test that failed.'),
    wide('Run', 'string', '.spec.run', 'TestRun of the attempt.'),
    wide('Final', 'boolean', '.status.final', 'Whether the report is complete.'),
    wide('Reason', 'string', '.status.reason', 'Reason of the verdict.'),
    wide('Error', 'string', `${FIRST_FAILED}.error`, 'First line of the first error.'),
    FIRST_CAUSE,
  ],
  Fault: [
    column('Action', 'string', '.status.action', 'Action of the fault.'),
    column('Component', 'string', '.spec.target.component', 'Component of the target pods.'),
    column('Phase', 'string', '.status.phase', 'Phase of the fault.'),
    column(
      'Seen',
      'number',
      '.status.seenInForceAfterSeconds',
      'Seconds from the injection until a probe observed the effect.',
    ),
    column(
      'Healed',
      'number',
      '.status.seenHealedAfterSeconds',
      'Seconds from the injection until a probe observed that the effect is gone.',
    ),
    AGE,
    wide('Environment', 'string', '.spec.environmentRef.name', 'Environment of the fault.'),
    wide('Pod', 'string', '.status.targets[0].pod', 'First pod of the target.'),
    wide('Evidence', 'string', '.status.targets[0].inForceEvidence', 'Observation that proves the effect.'),
    wide('Message', 'string', condition('Accepted', 'message'), 'Why the fault was accepted or refused.'),
  ],
};
