import type { KindName } from '@backendai-e2e/api/group';

/** One column of `kubectl get`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  jsonPath: string;
  description: string;
  /** 0 is always shown, 1 only with -o wide. */
  priority?: 0 | 1;
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists.',
};

/** What `kubectl get` shows of each kind. */
export const PRINTER_COLUMNS: Record<KindName, PrinterColumn[]> = {
  TestEnvironment: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether suites can run in it.',
    },
    {
      name: 'Reason',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'Why it is ready or not.',
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
      description: 'Whether workloads are not what Helm installed.',
      priority: 1,
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'What was seen.',
      priority: 1,
    },
    AGE,
  ],
  TestSuite: [
    {
      name: 'Area',
      type: 'string',
      jsonPath: '.metadata.labels.e2e\\.backend\\.ai/area',
      description: 'Folder under suites/.',
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
      description: 'Share that passed, 0 to 1.',
    },
    {
      name: 'Flipping',
      type: 'number',
      jsonPath: '.status.flipRate',
      description: 'Share of neighbouring verdicts that differ, 0 to 1.',
    },
    {
      name: 'Timeout',
      type: 'integer',
      jsonPath: '.spec.timeoutSeconds',
      description: 'Seconds for all tests.',
      priority: 1,
    },
    {
      name: 'Description',
      type: 'string',
      jsonPath: '.spec.description',
      description: 'What it proves.',
      priority: 1,
    },
    AGE,
  ],
  TestRun: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where it stands.' },
    { name: 'Verdict', type: 'string', jsonPath: '.status.verdict', description: 'How it ended.' },
    {
      name: 'Suites',
      type: 'integer',
      jsonPath: '.status.suiteCounts.total',
      description: 'Suites of the run.',
    },
    {
      name: 'Done',
      type: 'integer',
      jsonPath: '.status.suiteCounts.finished',
      description: 'Suites that ended.',
    },
    {
      name: 'Passed',
      type: 'integer',
      jsonPath: '.status.counts.passed',
      description: 'Tests that passed.',
    },
    {
      name: 'Failed',
      type: 'integer',
      jsonPath: '.status.counts.failed',
      description: 'Tests that failed.',
    },
    {
      name: 'Environment',
      type: 'string',
      jsonPath: '.spec.environmentRef.name',
      description: 'Where it runs.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Succeeded")].message',
      description: 'What was seen.',
      priority: 1,
    },
    AGE,
  ],
  TestReport: [
    { name: 'Run', type: 'string', jsonPath: '.spec.run', description: 'The run.', priority: 1 },
    { name: 'Suite', type: 'string', jsonPath: '.spec.suite', description: 'The suite.' },
    { name: 'Attempt', type: 'integer', jsonPath: '.spec.attempt', description: 'From 1.' },
    { name: 'Final', type: 'boolean', jsonPath: '.status.final', description: 'Nothing will be added.' },
    { name: 'Verdict', type: 'string', jsonPath: '.status.verdict', description: 'How it ended.' },
    {
      name: 'Passed',
      type: 'integer',
      jsonPath: '.status.counts.passed',
      description: 'Tests that passed.',
    },
    {
      name: 'Failed',
      type: 'integer',
      jsonPath: '.status.counts.failed',
      description: 'Tests that failed.',
    },
    { name: 'Seconds', type: 'number', jsonPath: '.status.seconds', description: 'From start to end.' },
    { name: 'Reason', type: 'string', jsonPath: '.status.reason', description: 'Why.', priority: 1 },
    AGE,
  ],
  Fault: [
    {
      name: 'Environment',
      type: 'string',
      jsonPath: '.spec.environmentRef.name',
      description: 'Where it breaks something.',
    },
    { name: 'Component', type: 'string', jsonPath: '.spec.target.component', description: 'What.' },
    { name: 'Action', type: 'string', jsonPath: '.status.action', description: 'How.' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where it stands.' },
    {
      name: 'Seen',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="InForce")].status',
      description: 'Whether a probe saw it in force.',
    },
    {
      name: 'Healed',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="SeenHealed")].status',
      description: 'Whether a probe saw it gone.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Accepted")].message',
      description: 'Why it was accepted or refused.',
      priority: 1,
    },
    AGE,
  ],
};
