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

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Creation time.',
};

/** The columns of `kubectl get` for each kind. */
export const PRINTER_COLUMNS: Record<KindName, PrinterColumn[]> = {
  TestEnvironment: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether suites can run in the environment.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Reason of the readiness.',
    },
    {
      name: 'Namespace',
      type: 'string',
      jsonPath: '.status.namespace',
      description: 'Namespace of the deployment.',
    },
    {
      name: 'Drifted',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Drifted")].status',
      description: 'Whether workloads differ from what Helm installed.',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'Observation behind the status.',
      priority: 1,
    },
    AGE,
  ],
  TestSuite: [
    {
      name: 'Area',
      type: 'string',
      jsonPath: '.metadata.labels.e2e\\.backend\\.ai/area',
      description: 'Folder of the suite under suites/.',
    },
    {
      name: 'Last',
      type: 'string',
      jsonPath: '.status.lastVerdicts[0].verdict',
      description: 'Last verdict.',
    },
    {
      name: 'Passing',
      type: 'number',
      jsonPath: '.status.passRate',
      description: 'Share of verdicts that passed, from 0 to 1.',
    },
    {
      name: 'Flipping',
      type: 'number',
      jsonPath: '.status.flipRate',
      description: 'Share of consecutive verdicts that differ, from 0 to 1.',
    },
    {
      name: 'Timeout',
      type: 'integer',
      jsonPath: '.spec.timeoutSeconds',
      description: 'Seconds for all tests of the suite.',
      priority: 1,
    },
    {
      name: 'Description',
      type: 'string',
      jsonPath: '.spec.description',
      description: 'What the suite proves.',
      priority: 1,
    },
    AGE,
  ],
  TestRun: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Phase of the run.' },
    { name: 'Verdict', type: 'string', jsonPath: '.status.verdict', description: 'Verdict.' },
    {
      name: 'Suites',
      type: 'integer',
      jsonPath: '.status.suiteCounts.total',
      description: 'Number of suites in the run.',
    },
    {
      name: 'Done',
      type: 'integer',
      jsonPath: '.status.suiteCounts.finished',
      description: 'Number of suites that ended.',
    },
    {
      name: 'Passed',
      type: 'integer',
      jsonPath: '.status.counts.passed',
      description: 'Number of tests that passed.',
    },
    {
      name: 'Failed',
      type: 'integer',
      jsonPath: '.status.counts.failed',
      description: 'Number of tests that failed.',
    },
    {
      name: 'Environment',
      type: 'string',
      jsonPath: '.spec.environmentRef.name',
      description: 'First environment of the run.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].message',
      description: 'Observation behind the status.',
      priority: 1,
    },
    AGE,
  ],
  TestReport: [
    {
      name: 'Run',
      type: 'string',
      jsonPath: '.spec.run',
      description: 'TestRun of the attempt.',
      priority: 1,
    },
    { name: 'Suite', type: 'string', jsonPath: '.spec.suite', description: 'TestSuite of the attempt.' },
    {
      name: 'Attempt',
      type: 'integer',
      jsonPath: '.spec.attempt',
      description: 'Number of the attempt, from 1.',
    },
    {
      name: 'Final',
      type: 'boolean',
      jsonPath: '.status.final',
      description: 'Whether the report is complete.',
    },
    { name: 'Verdict', type: 'string', jsonPath: '.status.verdict', description: 'Verdict.' },
    {
      name: 'Passed',
      type: 'integer',
      jsonPath: '.status.counts.passed',
      description: 'Number of tests that passed.',
    },
    {
      name: 'Failed',
      type: 'integer',
      jsonPath: '.status.counts.failed',
      description: 'Number of tests that failed.',
    },
    { name: 'Seconds', type: 'number', jsonPath: '.status.seconds', description: 'Duration in seconds.' },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.reason',
      description: 'Reason of the verdict.',
      priority: 1,
    },
    AGE,
  ],
  Fault: [
    {
      name: 'Environment',
      type: 'string',
      jsonPath: '.spec.environmentRef.name',
      description: 'Environment of the fault.',
    },
    {
      name: 'Component',
      type: 'string',
      jsonPath: '.spec.target.component',
      description: 'Component of the target pods.',
    },
    { name: 'Action', type: 'string', jsonPath: '.status.action', description: 'Action of the fault.' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Phase of the fault.' },
    {
      name: 'Seen',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="InForce")].status',
      description: 'Whether a probe observed the effect.',
    },
    {
      name: 'Healed',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="SeenHealed")].status',
      description: 'Whether a probe observed that the effect is gone.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Accepted")].message',
      description: 'Why the fault was accepted or refused.',
      priority: 1,
    },
    AGE,
  ],
};
