import { Type } from 'typebox';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { UNDO_ACTIONS } from '../constants/runner-contract.ts';
import { TEST_STATES } from '../constants/verdict.ts';
import { Conditions } from './conditions.ts';
import { Counts, VerdictSchema } from './verdict.ts';

export const TestReportSpec = Type.Object(
  {
    run: Type.String({ description: 'TestRun that owns the report.' }),
    suite: Type.String({ description: 'TestSuite of the attempt.' }),
    attempt: Type.Integer({ minimum: 1, description: 'Number of the attempt, from 1.' }),
    environment: Type.Optional(
      Type.String({
        maxLength: LENGTHS.name,
        description: 'TestEnvironment of the attempt. Unset: spec.environmentRef of the run.',
      }),
    ),
  },
  {
    description: 'The attempt that the report describes.',
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'the spec of a TestReport cannot change' },
    ],
  },
);

/** One test. The key is `id`, which the reporter makes from file, title and position. */
export const ReportedTest = Type.Object({
  id: Type.String({ maxLength: 64, description: 'Identifier that stays the same for a file and title.' }),
  file: Type.String({ description: 'Suite file, relative to suites/ and without extension.' }),
  title: Type.String({
    maxLength: LENGTHS.title,
    description: 'Full title: titles of the describe blocks and the test, joined by " › ".',
  }),
  state: Type.Enum([...TEST_STATES], { description: 'State in which the test ended.' }),
  startedAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the test or failed hook began. Unset: it never began.',
    }),
  ),
  seconds: Type.Number({ minimum: 0, description: 'Duration in seconds.' }),
  error: Type.Optional(
    Type.String({
      description: 'Message and stack of the failure, cut to the byte budget. The pod log has all of it.',
    }),
  ),
  reason: Type.Optional(
    Type.String({
      maxLength: LENGTHS.reason,
      description: 'PascalCase reason why a pending test was left out, for example NotApplicable.',
    }),
  ),
  message: Type.Optional(
    Type.String({ maxLength: LENGTHS.shortMessage, description: 'Explanation of the reason.' }),
  ),
});

/** A hook that succeeded. A hook that failed is an entry of the tests. */
export const ReportedHook = Type.Object({
  file: Type.String({ maxLength: LENGTHS.suiteFile, description: 'Suite file of the hook.' }),
  title: Type.String({
    maxLength: LENGTHS.shortMessage,
    description: 'Titles of the describe blocks and the hook, joined by " › ".',
  }),
  startedAt: Type.String({ format: 'date-time', description: 'Time when the hook began.' }),
  seconds: Type.Number({ minimum: 0, description: 'Duration in seconds.' }),
});

export const Measurement = Type.Object({
  name: Type.String({ maxLength: 128, description: 'Name of the measurement, for example "session-start".' }),
  value: Type.Number({ description: 'Measured value, in the unit.' }),
  unit: Type.String({ maxLength: 32, description: 'Unit of the value, for example "s".' }),
  limit: Type.Optional(
    Type.Number({
      description:
        "Bound that Backend.AI's configuration implies for the value, in the unit. A value beyond it is a regression.",
    }),
  ),
  measuredAt: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Time when the value was known. A duration ended then.',
    }),
  ),
});

/** What a test or a hook waited for. */
export const ReportedWait = Type.Object({
  file: Type.String({ maxLength: LENGTHS.suiteFile, description: 'Suite file of the test or hook.' }),
  title: Type.String({
    maxLength: LENGTHS.shortMessage,
    description: 'Title of the test or hook that waited, with those of the describe blocks.',
  }),
  what: Type.String({ maxLength: LENGTHS.shortMessage, description: 'What it waited for.' }),
  seconds: Type.Number({ minimum: 0, description: 'Sum of the waits in seconds.' }),
  times: Type.Integer({ minimum: 1, description: 'Number of these waits, each of more than 5 seconds.' }),
});

/** A change of the deployment that outlives the pod which made it. */
export const DeploymentChange = Type.Object({
  undo: Type.Enum([...UNDO_ACTIONS], {
    description:
      'How to undo the change. ScheduleAgent: let the agent take sessions. DeleteConfig: delete the key of the configuration. EndSessions: end the sessions whose names contain the text.',
  }),
  subject: Type.String({
    minLength: 1,
    maxLength: LENGTHS.shortMessage,
    description: 'ID of the agent, key of the configuration, or part of the names of sessions.',
  }),
});

/** One archived file of an attempt. */
export const Artifact = Type.Object(
  {
    name: Type.String({
      maxLength: LENGTHS.artifactName,
      pattern: PATTERNS.artifactFile,
      description: 'File name: "suite.log", "events.txt", or "component-<name>.log" for a failed attempt.',
    }),
    configMap: Type.Optional(
      Type.String({
        maxLength: LENGTHS.objectName,
        pattern: PATTERNS.objectName,
        description: 'ConfigMap in this namespace that holds the artifact. It is deleted with the report.',
      }),
    ),
    service: Type.Optional(
      Type.String({
        maxLength: LENGTHS.artifactService,
        pattern: PATTERNS.artifactService,
        description:
          'Service of the artifact server, as <namespace>/<name>:<port>. `e2e report` downloads the artifact there.',
      }),
    ),
    key: Type.String({
      maxLength: LENGTHS.artifactKey,
      pattern: PATTERNS.artifactKey,
      description:
        'Key in the ConfigMap or on the artifact server. In a ConfigMap, keys that end in .gz are in binaryData.',
    }),
    bytes: Type.Integer({ minimum: 0, description: 'Size of the stored artifact in bytes.' }),
    sha256: Type.String({
      maxLength: LENGTHS.sha256,
      pattern: PATTERNS.sha256,
      description: 'SHA-256 of the stored bytes, in hexadecimal.',
    }),
    omittedBytes: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Minimum number of bytes omitted from the start of the text.',
      }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: 'has(self.configMap) != has(self.service)',
        message:
          'an artifact is in a ConfigMap or on an artifact server: set exactly one of configMap and service',
      },
    ],
  },
);

export const TestReportStatus = Type.Object({
  startedAt: Type.Optional(Type.String({ format: 'date-time', description: 'Start time of Mocha.' })),
  backendAi: Type.Optional(
    Type.String({
      maxLength: LENGTHS.shortMessage,
      description:
        'Backend.AI that was tested: version, and commit of a checkout, for example "26.9.6 (1a2b3c4d5e6f, modified)".',
    }),
  ),
  updatedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time of the last write by the reporter.' }),
  ),
  finishedAt: Type.Optional(Type.String({ format: 'date-time', description: 'End time of Mocha.' })),
  seconds: Type.Optional(Type.Number({ description: 'Duration in seconds, from start to end.' })),
  final: Type.Optional(
    Type.Boolean({
      description: 'Whether the report is complete: the reporter ended, or the operator closed it.',
    }),
  ),
  verdict: Type.Optional(VerdictSchema),
  reason: Type.Optional(
    Type.String({
      maxLength: LENGTHS.reason,
      description: 'PascalCase reason, for example DeadlineExceeded, OOMKilled or CouldNotRun.',
    }),
  ),
  message: Type.Optional(
    Type.String({ maxLength: LENGTHS.longMessage, description: 'Explanation of the reason.' }),
  ),
  current: Type.Optional(
    Type.String({ maxLength: LENGTHS.title, description: 'Full title of the test that runs.' }),
  ),
  counts: Type.Optional(Counts),
  tests: Type.Optional(
    Type.Array(ReportedTest, {
      description: 'Tests in the order in which they ended.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    }),
  ),
  hooks: Type.Optional(
    Type.Array(ReportedHook, {
      maxItems: LIMITS.hooks,
      description: 'Hooks that succeeded and took at least 0.1 seconds, in the order in which they ended.',
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  omitted: Type.Optional(
    Type.Object(
      {
        tests: Type.Integer({ description: 'Number of omitted tests.' }),
        errorBytes: Type.Integer({ description: 'Number of bytes cut from errors.' }),
      },
      { description: 'Data that did not fit the byte budget. The pod log has all of it.' },
    ),
  ),
  measurements: Type.Optional(
    Type.Array(Measurement, {
      maxItems: LIMITS.measurements,
      description: 'Measurements of the suite.',
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  waits: Type.Optional(
    Type.Array(ReportedWait, {
      maxItems: LIMITS.waits,
      description:
        'Waits of more than 5 seconds, the longest first. They are left out first if the report does not fit its byte budget.',
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  changes: Type.Optional(
    Type.Array(DeploymentChange, {
      maxItems: LIMITS.changes,
      description:
        'Changes of the deployment that the suite notes before it makes them, and removes when it has undone them. The operator undoes those that are left.',
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  artifacts: Type.Optional(
    Type.Array(Artifact, {
      maxItems: LIMITS.artifacts,
      description: 'Files that the operator archived when the pod of the attempt ended.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  firstCause: Type.Optional(
    Type.String({
      maxLength: LENGTHS.columnText,
      description:
        'What most likely caused the first failed test: a component, with the time and the evidence. The operator writes it when it archives a failed attempt.',
    }),
  ),
  pod: Type.Optional(Type.String({ description: 'Pod of the attempt.' })),
  conditions: Type.Optional(Conditions),
});
