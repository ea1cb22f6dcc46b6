import { Type } from 'typebox';
import { LENGTHS } from '../constants/lengths.ts';
import { Conditions } from './conditions.ts';
import { Counts, VerdictSchema } from './verdict.ts';

/** The line of one suite in a run. */
export const RunSuite = Type.Object({
  name: Type.String({
    description: 'TestSuite. A suite that runs in several environments has the environment in its name.',
  }),
  suite: Type.Optional(Type.String({ description: 'TestSuite, if it differs from name.' })),
  environment: Type.Optional(
    Type.String({
      description: 'TestEnvironment of the suite, in a run with several environments.',
    }),
  ),
  state: Type.Enum(['Waiting', 'Running', 'Finished'], { description: 'State of the suite.' }),
  attempt: Type.Integer({
    minimum: 0,
    description: 'Number of the current or last attempt, from 1. It is 0 before the first attempt.',
  }),
  report: Type.Optional(Type.String({ description: 'TestReport of the attempt.' })),
  verdict: Type.Optional(VerdictSchema),
  reason: Type.Optional(
    Type.String({
      maxLength: LENGTHS.reason,
      description: 'PascalCase reason of the verdict, if there is one.',
    }),
  ),
  message: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Explanation of the reason, or the first error.',
    }),
  ),
  seconds: Type.Optional(Type.Number({ description: 'Duration of the deciding attempt in seconds.' })),
  counts: Type.Optional(Counts),
});

/** The state of one of several environments. */
export const RunEnvironment = Type.Object({
  name: Type.String({ description: 'TestEnvironment.' }),
  state: Type.Enum(['Ready', 'Deploying', 'Unhealthy', 'GivenUp', 'Failed', 'Missing'], {
    description:
      'State when a suite was last due there. GivenUp: Unhealthy for too long, and the run cannot succeed.',
  }),
  since: Type.String({ format: 'date-time', description: 'Time of the last change of state.' }),
  message: Type.Optional(
    Type.String({ maxLength: LENGTHS.shortMessage, description: 'Why the environment is not Ready.' }),
  ),
});

export const TestRunStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status describes.' }),
  ),
  phase: Type.Optional(
    Type.String({
      description:
        'Queued, WaitingForEnvironment, Running, Suspended, Succeeded or Failed, for kubectl get. Programs read the conditions.',
    }),
  ),
  verdict: Type.Optional(VerdictSchema),
  turn: Type.Optional(
    Type.Integer({
      minimum: 0,
      description:
        'Turn in the queue, a figure without a unit. Lower turns start first. A run joins behind at most one waiting run of each other user.',
    }),
  ),
  startedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time when the operator started the run.' }),
  ),
  finishedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Time when the run got its verdict.' }),
  ),
  suspendedSeconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Seconds for which the run was suspended after its start.',
    }),
  ),
  counts: Type.Optional(Counts),
  backendAi: Type.Optional(
    Type.Array(Type.String({ maxLength: LENGTHS.shortMessage }), {
      maxItems: 10,
      description: 'Every Backend.AI that the suites met: version, and commit of a checkout. Usually one.',
    }),
  ),
  suiteCounts: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'Number of suites in the run.' }),
        finished: Type.Integer({ description: 'Number of suites that ended.' }),
        passed: Type.Integer({
          description: 'Number of suites that let the run succeed, without skipped suites.',
        }),
        failed: Type.Optional(
          Type.Integer({
            description:
              'Number of suites that keep the run from succeeding, without those that failFast skipped.',
          }),
        ),
      },
      { description: 'Number of suites in each state.' },
    ),
  ),
  firstFailure: Type.Optional(
    Type.String({
      maxLength: LENGTHS.columnText,
      description:
        'First suite that keeps the run from succeeding, and its message in short, for kubectl get.',
    }),
  ),
  firstCause: Type.Optional(
    Type.String({
      maxLength: LENGTHS.columnText,
      description:
        'What most likely caused the first failure: a component, with the time and the evidence. `e2e show` names more candidates.',
    }),
  ),
  suites: Type.Optional(
    Type.Array(RunSuite, {
      description: 'One entry for each suite, in start order.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  environments: Type.Optional(
    Type.Array(RunEnvironment, {
      description: 'One entry for each environment, in a run with several.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  notification: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['NothingNew', 'Pending', 'Sent', 'Failed'], {
          description: 'NothingNew: no suite changed its state. Pending: delivery is retried.',
        }),
        at: Type.String({ format: 'date-time', description: 'Time of this state.' }),
        changes: Type.Optional(Type.Integer({ description: 'Number of suites whose state changed.' })),
        message: Type.Optional(
          Type.String({ maxLength: 512, description: 'Why the notification is not delivered.' }),
        ),
      },
      { description: 'Delivery of the notification about this run. Unset if none is configured.' },
    ),
  ),
  conditions: Type.Optional(Conditions),
});
