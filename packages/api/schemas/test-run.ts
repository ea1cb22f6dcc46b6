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
      { description: 'Where to run.' },
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
            'Further environments, equal to the first: each suite runs in the first one that has room for it, and suites in different ones share nothing. A suite that is last runs in each.',
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
              description: 'TestSuites by name.',
              'x-kubernetes-list-type': 'set',
            }),
          ),
          matchLabels: Type.Optional(
            Type.Record(Type.String(), Type.String({ maxLength: LENGTHS.label }), {
              maxProperties: 32,
              description: 'TestSuites that carry all of these labels.',
            }),
          ),
          includeSlow: Type.Optional(
            Type.Boolean({
              default: true,
              description: 'Also suites marked slow, when they are chosen by label or by default.',
            }),
          ),
        },
        {
          description:
            'Which suites: the union of names and labels. Empty: every TestSuite of the namespace that is not onDemand.',
        },
      ),
    ),
    rerunFailedOf: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LENGTHS.name,
        description:
          'Name of a finished TestRun in this namespace: the suites that kept it from succeeding run again, and no others.',
      }),
    ),
    grep: Type.Optional(
      Type.String({
        maxLength: LENGTHS.grep,
        description: 'Only tests whose full title matches this JavaScript regular expression.',
      }),
    ),
    rounds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.rounds,
        description:
          'How often suites that try one thing several times do so (E2E_ROUNDS in their Jobs). Unset: as each suite says.',
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
                "Further attempts of a suite after a failed one, in the place of the suites' own number.",
            }),
          ),
          flaky: Type.Optional(
            Type.Enum(['Pass', 'Fail'], {
              default: 'Pass',
              description: 'Whether a Flaky suite fails the run.',
            }),
          ),
        },
        { description: 'What happens after a failed attempt.' },
      ),
    ),
    failFast: Type.Optional(
      Type.Boolean({ default: false, description: 'Start no further suite after one that failed.' }),
    ),
    parallelism: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LIMITS.parallelism,
        default: RUN_DEFAULTS.parallelism,
        description: 'Suites at a time, in each environment; those that mostly wait are not counted.',
      }),
    ),
    timeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86400,
        default: RUN_DEFAULTS.timeoutSeconds,
        description: 'Seconds for the whole run, waiting for its environment included.',
      }),
    ),
    startDeadlineSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86400,
        description:
          'Seconds after its creation until which the run must have started; later it ends as MissedStart. Unset: any time.',
      }),
    ),
    environmentTimeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 7200,
        default: RUN_DEFAULTS.environmentTimeoutSeconds,
        description: 'Seconds that a deployed but unhealthy environment may take to become healthy.',
      }),
    ),
    suspend: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Start no further attempt until this is false again: what runs comes to its end, and the time-out does not count. A run that has not started keeps its place in the queue and lets others pass.',
      }),
    ),
    queueName: Type.Optional(
      Type.String({
        pattern: PATTERNS.dnsLabel,
        maxLength: LENGTHS.label,
        description:
          'LocalQueue of Kueue in this namespace: Jobs are created suspended with its label, and Kueue lets them start. Unset: they start at once.',
      }),
    ),
    cancel: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'End the run now; what has no result becomes Interrupted.',
      }),
    ),
    ttlSecondsAfterFinished: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'Seconds after which the finished run is deleted. Unset: kept.',
      }),
    ),
    keepFailed: Type.Optional(
      Type.Boolean({ default: true, description: 'The time to live spares runs that did not succeed.' }),
    ),
  },
  {
    description: 'One execution of suites in one environment, or spread over several equal ones.',
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
        message: 'spec.moreEnvironmentRefs must not name spec.environmentRef again',
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
        message: 'give spec.suites or spec.rerunFailedOf, which chooses the suites itself, but not both',
      },
      {
        rule: '!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)',
        message: 'a cancelled run cannot be revived: create another TestRun',
      },
    ],
  },
);

/** The line of one suite in a run. */
export const RunSuite = Type.Object({
  name: Type.String({
    description: 'TestSuite; with its environment for a suite that runs in each of several.',
  }),
  suite: Type.Optional(Type.String({ description: 'TestSuite, where name is not just that.' })),
  environment: Type.Optional(
    Type.String({
      description: 'TestEnvironment in which it runs or ran, in a run that has several.',
    }),
  ),
  state: Type.Enum(['Waiting', 'Running', 'Finished'], { description: 'Where it stands.' }),
  attempt: Type.Integer({ minimum: 0, description: 'Current or last attempt, from 1; 0 before the first.' }),
  report: Type.Optional(Type.String({ description: 'TestReport of that attempt.' })),
  verdict: Type.Optional(VerdictSchema),
  reason: Type.Optional(
    Type.String({
      maxLength: LENGTHS.reason,
      description: 'PascalCase word when there is more to say than the verdict.',
    }),
  ),
  message: Type.Optional(
    Type.String({
      maxLength: LENGTHS.message,
      description: 'Sentence that goes with the reason, or the first error.',
    }),
  ),
  seconds: Type.Optional(Type.Number({ description: 'Seconds of the deciding attempt.' })),
  counts: Type.Optional(Counts),
});

/** How one of several environments stands for the suites that are due in it. */
export const RunEnvironment = Type.Object({
  name: Type.String({ description: 'TestEnvironment.' }),
  state: Type.Enum(['Ready', 'Deploying', 'Unhealthy', 'GivenUp', 'Failed', 'Missing'], {
    description:
      'As it was when a suite was last due in it. GivenUp: it was Unhealthy for too long; the run does not succeed any more.',
  }),
  since: Type.String({ format: 'date-time', description: 'Since when.' }),
  message: Type.Optional(
    Type.String({ maxLength: LENGTHS.shortMessage, description: 'Why, when it is not Ready.' }),
  ),
});

export const TestRunStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status speaks of.' }),
  ),
  phase: Type.Optional(
    Type.String({
      description:
        'For the printer column only: Queued, WaitingForEnvironment, Running, Suspended, Succeeded, Failed.',
    }),
  ),
  verdict: Type.Optional(VerdictSchema),
  startedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the operator took it up.' }),
  ),
  finishedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When the verdict was written.' }),
  ),
  suspendedSeconds: Type.Optional(
    Type.Number({
      minimum: 0,
      description: 'Seconds that it was suspended after its start, up to the last resumption.',
    }),
  ),
  counts: Type.Optional(Counts),
  suiteCounts: Type.Optional(
    Type.Object(
      {
        total: Type.Integer({ description: 'Suites of the run.' }),
        finished: Type.Integer({ description: 'Suites that ended.' }),
        passed: Type.Integer({ description: 'Suites Passed, Flaky or KnownIssue as the policy allows.' }),
      },
      { description: 'Suites, not tests.' },
    ),
  ),
  suites: Type.Optional(
    Type.Array(RunSuite, {
      description: 'One a suite, in the order of their start.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  environments: Type.Optional(
    Type.Array(RunEnvironment, {
      description: 'One an environment, in a run that has several.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
  ),
  notification: Type.Optional(
    Type.Object(
      {
        state: Type.Enum(['NothingNew', 'Pending', 'Sent', 'Failed'], {
          description: 'NothingNew: no suite changed its state. Pending: it is tried again.',
        }),
        at: Type.String({ format: 'date-time', description: 'When this was written.' }),
        changes: Type.Optional(Type.Integer({ description: 'Suites whose state changed.' })),
        message: Type.Optional(
          Type.String({ maxLength: 512, description: 'Why it was not delivered (yet).' }),
        ),
      },
      { description: 'What became of the notification about this run; absent where none is configured.' },
    ),
  ),
  conditions: Type.Optional(Conditions),
});
