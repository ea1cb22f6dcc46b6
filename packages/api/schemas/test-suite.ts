import { Type } from 'typebox';
import { SUITE_DEFAULTS } from '../constants/defaults.ts';
import { LENGTHS } from '../constants/lengths.ts';
import { LIMITS } from '../constants/limits.ts';
import { PATTERNS } from '../constants/patterns.ts';
import { VerdictSchema } from './verdict.ts';

export const TestSuiteSpec = Type.Object(
  {
    description: Type.Optional(
      Type.String({ maxLength: LENGTHS.message, description: 'What the suite proves, in one sentence.' }),
    ),
    files: Type.Array(Type.String({ pattern: PATTERNS.suiteFile, maxLength: LENGTHS.suiteFile }), {
      minItems: 1,
      maxItems: 50,
      description:
        'Suite files without extension, relative to suites/, for example "session-lifecycle/create-session".',
    }),
    image: Type.String({ minLength: 1, description: 'Image of the runner with the compiled suites.' }),
    runtimeImage: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'Image that the runner works in instead of its own, for suites that call its programs. Node.js and the suites are brought into it from image; it must be a Debian of the same release.',
      }),
    ),
    imagePullPolicy: Type.Optional(
      Type.Enum(['Always', 'IfNotPresent', 'Never'], {
        default: 'IfNotPresent',
        description: 'As for a container.',
      }),
    ),
    imagePullSecrets: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ minLength: 1, maxLength: LENGTHS.objectName, description: 'Secret.' }),
        }),
        {
          maxItems: 16,
          description: 'Secrets in this namespace with which the image is pulled, as in a pod.',
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
          'Seconds for all tests of the suite; the Job gets 120 s more, so that its image can be pulled and the runner can report.',
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.retries,
        default: SUITE_DEFAULTS.retries,
        description: 'Further attempts after a failed one.',
      }),
    ),
    disruptive: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Breaks things; refused where the environment forbids it.',
      }),
    ),
    exclusive: Type.Optional(Type.Boolean({ default: false, description: 'Runs alone in its environment.' })),
    claims: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: LENGTHS.label }), {
        maxItems: 32,
        description:
          'Components that it breaks, fills or counts, by name: no suite that needs or claims one of them runs beside it. A disruptive suite that does not say runs alone; an empty list says that it takes nothing from others.',
        'x-kubernetes-list-type': 'atomic',
      }),
    ),
    waits: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Mostly waits, for timers of what it tests: it takes no place among the suites that a run starts at a time, so that another one runs beside it meanwhile, if neither claims what the other needs.',
      }),
    ),
    last: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Runs alone, and only when every other suite of the run has ended.',
      }),
    ),
    needs: Type.Optional(
      Type.Array(Type.String({ maxLength: LENGTHS.label }), {
        maxItems: 32,
        description: 'Components that must be ready, by name. Empty: all of the environment.',
      }),
    ),
    slow: Type.Optional(
      Type.Boolean({ default: false, description: 'Left out where a run asks for no slow suites.' }),
    ),
    onDemand: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Runs only where a run names it; labels and empty selections leave it out.',
      }),
    ),
    resources: Type.Optional(
      Type.Unsafe<{ requests?: Record<string, string>; limits?: Record<string, string> }>({
        type: 'object',
        description: "The container's resources, as in a pod.",
        properties: {
          requests: { type: 'object', additionalProperties: { type: 'string' }, description: 'As in a pod.' },
          limits: { type: 'object', additionalProperties: { type: 'string' }, description: 'As in a pod.' },
        },
      }),
    ),
  },
  { description: 'A set of Mocha files that run together in one Job.' },
);

export const TestSuiteStatus = Type.Object({
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this status speaks of.' }),
  ),
  lastVerdicts: Type.Optional(
    Type.Array(
      Type.Object({
        run: Type.String({ description: 'Name of the TestRun.' }),
        verdict: VerdictSchema,
        at: Type.String({ format: 'date-time', description: 'When the run recorded it.' }),
        seconds: Type.Optional(Type.Number({ description: 'Seconds of the deciding attempt.' })),
        environment: Type.Optional(Type.String({ description: 'TestEnvironment in which it ran.' })),
        since: Type.Optional(
          Type.String({
            format: 'date-time',
            description:
              'Since when the suite is as good or bad as this in that environment, without a break.',
          }),
        ),
        aside: Type.Optional(
          Type.Boolean({
            description:
              'Does not count for notifications: the run was cancelled, chose tests by grep, or has the annotation e2e.backend.ai/notify: "false".',
          }),
        ),
      }),
      {
        maxItems: LIMITS.lastVerdicts,
        description: `Newest first, ${LIMITS.lastVerdicts} at most.`,
        'x-kubernetes-list-type': 'atomic',
      },
    ),
  ),
  passRate: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'Share of the last verdicts that are Passed.' }),
  ),
  flipRate: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: 'Share of neighbouring verdicts that differ.' }),
  ),
});
