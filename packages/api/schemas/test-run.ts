import { Type } from 'typebox';
import { RUN_DEFAULTS } from '../constants/defaults.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { Conditions } from './conditions.ts';
import { Counts, VerdictSchema } from './verdict.ts';

export const TestRunSpec = Type.Object(
  {
    environmentRef: Type.Object(
      {
        name: Type.String({
          minLength: 1,
          maxLength: LENGTHS.name,
          description: 'TestEnvironment in this namespace.',
        }),
      },
      { description: 'Environment to run in.' },
    ),
    moreEnvironmentRefs: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({
            minLength: 1,
            maxLength: LENGTHS.name,
            description: 'TestEnvironment in this namespace.',
          }),
        }),
        {
          maxItems: LIMITS.environmentsPerRun - 1,
          description:
            'More environments, equal to the first. Each suite runs in the first environment with a free slot. A suite marked last runs in each environment.',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
      ),
    ),
    suites: Type.Optional(
      Type.Object(
        {
          names: Type.Optional(
            Type.Array(Type.String({ minLength: 1, maxLength: LENGTHS.label }), {
              maxItems: LIMITS.suitesPerRun,
              description: 'Names of TestSuites.',
              'x-kubernetes-list-type': 'set',
            }),
          ),
          matchLabels: Type.Optional(
            Type.Record(Type.String(), Type.String({ maxLength: LENGTHS.label }), {
              maxProperties: 32,
              description: 'Labels that a TestSuite must have to be selected.',
            }),
          ),
          includeSlow: Type.Optional(
            Type.Boolean({
              default: true,
              description: 'Whether a selection by label, or of all suites, includes slow suites.',
            }),
          ),
        },
        {
          description:
            'Suites to run: the union of names and matchLabels. Empty: every TestSuite in the namespace that is not onDemand.',
        },
      ),
    ),
    rerunFailedOf: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LENGTHS.name,
        description:
          'Finished TestRun in this namespace. Only the suites that kept it from succeeding run again.',
      }),
    ),
    grep: Type.Optional(
      Type.String({
        maxLength: LENGTHS.grep,
        description: 'JavaScript regular expression. Only tests whose full title matches run.',
      }),
    ),
    rounds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.rounds,
        description:
          'Number of rounds in suites that repeat an attempt (E2E_ROUNDS in their Jobs). Unset: each suite decides.',
      }),
    ),
    retryPolicy: Type.Optional(
      Type.Object(
        {
          retries: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: LIMITS.retries,
              description:
                'Number of more attempts after a failed attempt. It overrides the retries of the suites.',
            }),
          ),
          flaky: Type.Optional(
            Type.Enum(['Pass', 'Fail'], {
              default: 'Pass',
              description: 'Whether a Flaky suite lets the run pass or makes it fail.',
            }),
          ),
        },
        { description: 'What to do after a failed attempt.' },
      ),
    ),
    failFast: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether to start no more suites after a suite fails.' }),
    ),
    parallelism: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.parallelism,
        default: RUN_DEFAULTS.parallelism,
        description: 'Number of suites to run at once in each environment. Suites marked waits do not count.',
      }),
    ),
    timeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86400,
        default: RUN_DEFAULTS.timeoutSeconds,
        description: 'Seconds for the whole run, including the wait for the environment.',
      }),
    ),
    startDeadlineSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86400,
        description:
          'Seconds after creation within which the run must start. Later, it ends with reason MissedStart. Unset: no limit.',
      }),
    ),
    environmentTimeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7200,
        default: RUN_DEFAULTS.environmentTimeoutSeconds,
        description: 'Seconds that a deployed but unhealthy environment has to become healthy.',
      }),
    ),
    suspend: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether to start no more attempts until this is false. Running attempts continue, and the timeout stops. A run that has not started keeps its place and lets other runs pass.',
      }),
    ),
    queueName: Type.Optional(
      Type.String({
        pattern: PATTERNS.dnsLabel,
        maxLength: LENGTHS.label,
        description:
          'LocalQueue of Kueue in this namespace. Jobs are created suspended, and Kueue starts them. Unset: Jobs start at once.',
      }),
    ),
    cancel: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Set to true to end the run. Suites without a result become Interrupted.',
      }),
    ),
    ttlSecondsAfterFinished: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Seconds until the finished run is deleted. Unset: it stays.',
      }),
    ),
    keepFailed: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Whether ttlSecondsAfterFinished does not apply to runs that failed.',
      }),
    ),
  },
  {
    description: 'One execution of suites in one environment or in several equal environments.',
    'x-kubernetes-validations': [
      {
        rule: 'self.environmentRef == oldSelf.environmentRef',
        message: 'spec.environmentRef cannot change: create another TestRun',
      },
      {
        rule: 'has(self.moreEnvironmentRefs) == has(oldSelf.moreEnvironmentRefs) && (!has(self.moreEnvironmentRefs) || self.moreEnvironmentRefs == oldSelf.moreEnvironmentRefs)',
        message: 'spec.moreEnvironmentRefs cannot change: create another TestRun',
      },
      {
        rule: '!has(self.moreEnvironmentRefs) || self.moreEnvironmentRefs.all(ref, ref.name != self.environmentRef.name)',
        message: 'spec.moreEnvironmentRefs must not contain spec.environmentRef',
      },
      {
        rule: 'has(self.suites) == has(oldSelf.suites) && (!has(self.suites) || self.suites == oldSelf.suites)',
        message: 'spec.suites cannot change: create another TestRun',
      },
      {
        rule: 'has(self.grep) == has(oldSelf.grep) && (!has(self.grep) || self.grep == oldSelf.grep)',
        message: 'spec.grep cannot change: create another TestRun',
      },
      {
        rule: 'has(self.rounds) == has(oldSelf.rounds) && (!has(self.rounds) || self.rounds == oldSelf.rounds)',
        message: 'spec.rounds cannot change: create another TestRun',
      },
      {
        rule: 'has(self.rerunFailedOf) == has(oldSelf.rerunFailedOf) && (!has(self.rerunFailedOf) || self.rerunFailedOf == oldSelf.rerunFailedOf)',
        message: 'spec.rerunFailedOf cannot change: create another TestRun',
      },
      {
        rule: 'has(self.queueName) == has(oldSelf.queueName) && (!has(self.queueName) || self.queueName == oldSelf.queueName)',
        message: 'spec.queueName cannot change: create another TestRun',
      },
      {
        rule: '!(has(self.rerunFailedOf) && has(self.suites))',
        message: 'set spec.suites or spec.rerunFailedOf, not both: spec.rerunFailedOf selects the suites',
      },
      {
        rule: '!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)',
        message: 'spec.cancel cannot change back to false: create another TestRun',
      },
    ],
  },
);

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
  suiteCounts: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'Number of suites in the run.' }),
        finished: Type.Integer({ description: 'Number of suites that ended.' }),
        passed: Type.Integer({
          description: 'Number of suites that let the run succeed, without skipped suites.',
        }),
      },
      { description: 'Number of suites in each state.' },
    ),
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
