import { Type } from 'typebox';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { TEST_STATES } from '../constants/verdict.ts';
import { Conditions } from './conditions.ts';
import { Counts, VerdictSchema } from './verdict.ts';

export const TestReportSpec = Type.Object(
  {
    run: Type.String({ description: 'TestRun that owns the report.' }),
    suite: Type.String({ description: 'TestSuite that was attempted.' }),
    attempt: Type.Integer({ minimum: 1, description: 'Which attempt, from 1.' }),
    environment: Type.Optional(
      Type.String({
        maxLength: LENGTHS.name,
        description: "TestEnvironment in which it runs. Unset: that of the run's spec.environmentRef.",
      }),
    ),
  },
  {
    description: 'What this report is about.',
    'x-kubernetes-validations': [
      { rule: 'self == oldSelf', message: 'the spec of a TestReport cannot change' },
    ],
  },
);

/** One test. Tests are keyed by id, which the reporter makes from file, title and place. */
export const ReportedTest = Type.Object({
  id: Type.String({ maxLength: 64, description: 'Stable for the same file and title.' }),
  file: Type.String({ description: 'Suite file relative to suites/, without extension.' }),
  title: Type.String({
    maxLength: LENGTHS.title,
    description: 'Full title: the describes and the test, joined by " › ".',
  }),
  state: Type.Enum([...TEST_STATES], { description: 'How it ended.' }),
  seconds: Type.Number({ minimum: 0, description: 'Seconds it took.' }),
  error: Type.Optional(
    Type.String({
      description: 'Message and stack of the failure, cut to the budget; whole in the pod log.',
    }),
  ),
});

export const Measurement = Type.Object({
  name: Type.String({ maxLength: 128, description: 'What was measured, for example "session-start".' }),
  value: Type.Number({ description: 'The figure.' }),
  unit: Type.String({ maxLength: 32, description: 'Its unit, for example "s".' }),
});

/** What is kept of an attempt's traces, besides the report. */
export const Artifact = Type.Object(
  {
    name: Type.String({
      maxLength: LENGTHS.artifactName,
      description: 'What it is: "suite.log", "events.txt", or "component-<name>.log" of a failed attempt.',
    }),
    configMap: Type.Optional(
      Type.String({ description: 'ConfigMap in this namespace that holds it; it goes with the report.' }),
    ),
    service: Type.Optional(
      Type.String({
        description:
          'Service of the keeper that holds it, as <namespace>/<name>:<port>; `e2e report` fetches it there.',
      }),
    ),
    key: Type.String({
      description:
        'Key in that ConfigMap, where one that ends in .gz is in binaryData; or with the keeper, where it begins with the SHA-256.',
    }),
    bytes: Type.Integer({ minimum: 0, description: 'Bytes as stored.' }),
    sha256: Type.String({ description: 'SHA-256 of the bytes as stored, hex.' }),
    omittedBytes: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Bytes at least that were left out before what is kept, of the text before packing.',
      }),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: 'has(self.configMap) != has(self.service)',
        message: 'an artifact is in a ConfigMap or with a keeper',
      },
    ],
  },
);

export const TestReportStatus = Type.Object({
  startedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When Mocha started.' })),
  updatedAt: Type.Optional(Type.String({ format: 'date-time', description: 'Last write of the reporter.' })),
  finishedAt: Type.Optional(Type.String({ format: 'date-time', description: 'When Mocha ended.' })),
  seconds: Type.Optional(Type.Number({ description: 'Seconds from start to end.' })),
  final: Type.Optional(
    Type.Boolean({
      description: 'Nothing will be added: the reporter came to its end, or the operator closed the report.',
    }),
  ),
  verdict: Type.Optional(VerdictSchema),
  reason: Type.Optional(
    Type.String({
      maxLength: LENGTHS.reason,
      description: 'PascalCase word, for example DeadlineExceeded, OOMKilled, CouldNotRun.',
    }),
  ),
  message: Type.Optional(
    Type.String({ maxLength: LENGTHS.longMessage, description: 'Sentence that goes with the reason.' }),
  ),
  current: Type.Optional(
    Type.String({ maxLength: LENGTHS.title, description: 'Title of the test that runs now.' }),
  ),
  counts: Type.Optional(Counts),
  tests: Type.Optional(
    Type.Array(ReportedTest, {
      description: 'In the order of their end.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
    }),
  ),
  omitted: Type.Optional(
    Type.Object(
      {
        tests: Type.Integer({ description: 'Tests left out.' }),
        errorBytes: Type.Integer({ description: 'Bytes cut from errors.' }),
      },
      { description: 'What the byte budget left out; it is whole in the pod log.' },
    ),
  ),
  measurements: Type.Optional(
    Type.Array(Measurement, {
      maxItems: LIMITS.measurements,
      description: 'Figures that the suite took.',
      'x-kubernetes-list-type': 'atomic',
    }),
  ),
  artifacts: Type.Optional(
    Type.Array(Artifact, {
      maxItems: LIMITS.artifacts,
      description: 'What the attempt left behind, kept by the operator when its pod had ended.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  pod: Type.Optional(Type.String({ description: 'Pod of the attempt.' })),
  conditions: Type.Optional(Conditions),
});
