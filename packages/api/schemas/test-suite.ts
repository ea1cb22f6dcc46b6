import { Type } from 'typebox';
import { SUITE_DEFAULTS } from '../constants/defaults.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { VerdictSchema } from './verdict.ts';

/** An image reference. The API server refuses a pod whose image starts or ends with a blank. */
const IMAGE = { minLength: 1, maxLength: LENGTHS.image, pattern: PATTERNS.image };

/** Quantities by resource. The bounds keep the cost of the rules, which the API server limits, low. */
const QUANTITIES = {
  type: 'object',
  maxProperties: 16,
  additionalProperties: { type: 'string', maxLength: LENGTHS.quantity },
  'x-kubernetes-validations': [
    {
      rule: "self.all(name, isQuantity(self[name]) && !self[name].startsWith('-'))",
      message:
        'each value must be a quantity of Kubernetes that is not negative, such as "100m", "2" or "512Mi"',
    },
  ],
};

export const TestSuiteSpec = Type.Object(
  {
    description: Type.Optional(
      Type.String({ maxLength: LENGTHS.message, description: 'What the suite proves, as one sentence.' }),
    ),
    files: Type.Array(Type.String({ pattern: PATTERNS.suiteFile, maxLength: LENGTHS.suiteFile }), {
      minItems: 1,
      maxItems: 50,
      description:
        'Suite files relative to suites/, without extension, for example "session-lifecycle/create-session".',
    }),
    image: Type.String({
      ...IMAGE,
      description: 'Image with the runner and the compiled suites.',
    }),
    runtimeImage: Type.Optional(
      Type.String({
        ...IMAGE,
        description:
          'Image to run the tests in, for suites that call its programs. Node.js and the suites are copied from image. It must have the same Debian release.',
      }),
    ),
    imagePullPolicy: Type.Optional(
      Type.Enum(['Always', 'IfNotPresent', 'Never'], {
        default: 'IfNotPresent',
        description: 'Image pull policy, as for a container.',
      }),
    ),
    imagePullSecrets: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({
            pattern: PATTERNS.objectName,
            maxLength: LENGTHS.objectName,
            description: 'Name of the Secret.',
          }),
        }),
        {
          maxItems: 16,
          description: 'Image pull Secrets in this namespace, as in a pod.',
          'x-kubernetes-list-type': 'atomic',
        },
      ),
    ),
    timeoutSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 14400,
        default: SUITE_DEFAULTS.timeoutSeconds,
        description:
          'Seconds for all tests of the suite. The Job has 120 seconds more for the image pull and the report.',
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.retries,
        default: SUITE_DEFAULTS.retries,
        description: 'Number of more attempts after a failed attempt.',
      }),
    ),
    disruptive: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the suite disrupts its environment. It is skipped where the environment forbids disruption.',
      }),
    ),
    invasive: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the suite fills, drains, interrupts or reconfigures what others use, without breaking a component. It is skipped where the environment forbids invasive suites.',
      }),
    ),
    exclusive: Type.Optional(
      Type.Boolean({ default: false, description: 'Whether the suite runs alone in its environment.' }),
    ),
    claims: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: LENGTHS.label }), {
        maxItems: 32,
        description:
          'Components that the suite disrupts, fills or counts. No suite that needs or claims one of them runs at the same time. A disruptive suite without claims runs alone. An empty list claims nothing.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    waits: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether the suite mostly waits for timers. It does not count against spec.parallelism of a run. Claims still apply.',
      }),
    ),
    last: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the suite runs alone, after all other suites of the run.',
      }),
    ),
    needs: Type.Optional(
      Type.Array(Type.String({ maxLength: LENGTHS.label }), {
        maxItems: 32,
        description: 'Components that must be ready. Empty: all components of the environment.',
      }),
    ),
    slow: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the suite is slow. A run can leave out slow suites.',
      }),
    ),
    since: Type.Optional(
      Type.String({
        pattern: PATTERNS.release,
        maxLength: LENGTHS.label,
        description:
          'First release of Backend.AI that has what the suite tests. The suite is skipped as NotApplicable where an earlier one is installed.',
      }),
    ),
    until: Type.Optional(
      Type.String({
        pattern: PATTERNS.release,
        maxLength: LENGTHS.label,
        description: 'Last release of Backend.AI that has what the suite tests.',
      }),
    ),
    onDemand: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the suite runs only if a run names it. Labels and empty selections skip it.',
      }),
    ),
    resources: Type.Optional(
      Type.Unsafe<{ requests?: Record<string, string>; limits?: Record<string, string> }>({
        type: 'object',
        description: 'Resources of the container, as in a pod.',
        properties: {
          requests: { ...QUANTITIES, description: 'Requested resources, as in a pod.' },
          limits: { ...QUANTITIES, description: 'Limits of resources, as in a pod.' },
        },
        'x-kubernetes-validations': [
          {
            rule: '!has(self.requests) || !has(self.limits) || self.requests.all(name, !(name in self.limits) || !isQuantity(self.requests[name]) || !isQuantity(self.limits[name]) || quantity(self.requests[name]).compareTo(quantity(self.limits[name])) <= 0)',
            message: 'a request must not exceed the limit of the same resource',
          },
        ],
      }),
    ),
  },
  { description: 'A set of Mocha files that run in one Job.' },
);

export const TestSuiteStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status describes.' }),
  ),
  lastVerdicts: Type.Optional(
    Type.Array(
      Type.Object({
        run: Type.String({ description: 'Name of the TestRun.' }),
        verdict: VerdictSchema,
        at: Type.String({ format: 'date-time', description: 'Time when the run recorded the verdict.' }),
        seconds: Type.Optional(Type.Number({ description: 'Duration of the deciding attempt in seconds.' })),
        environment: Type.Optional(Type.String({ description: 'TestEnvironment of the attempt.' })),
        since: Type.Optional(
          Type.String({
            format: 'date-time',
            description: 'Start of the unbroken streak of working or failing verdicts in this environment.',
          }),
        ),
        aside: Type.Optional(
          Type.Boolean({
            description:
              'Whether notifications and rates ignore the verdict. True if the run was cancelled, used grep, or has annotation e2e.backend.ai/notify: "false".',
          }),
        ),
      }),
      {
        maxItems: LIMITS.lastVerdicts,
        description: `Last verdicts, newest first, ${LIMITS.lastVerdicts} at most.`,
        'x-kubernetes-list-type': 'atomic',
      },
    ),
  ),
  passRate: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description:
        'Share of the last verdicts that are Passed or KnownIssue, from 0 to 1. Skipped and ignored verdicts do not count.',
    }),
  ),
  flipRate: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      description:
        'Share of consecutive verdicts that differ, from 0 to 1. Skipped and ignored verdicts do not count.',
    }),
  ),
});
