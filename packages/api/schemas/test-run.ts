import { Type } from 'typebox';
import { RUN_DEFAULTS } from '../constants/defaults.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { PATTERNS } from '../constants/patterns.ts';

export const TestRunSpec = Type.Object(
  {
    environmentRef: Type.Object(
      {
        name: Type.String({
          pattern: PATTERNS.objectName,
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
            pattern: PATTERNS.objectName,
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
        pattern: PATTERNS.objectName,
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
