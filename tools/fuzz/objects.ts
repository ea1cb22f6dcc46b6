import { FAULT_ACTIONS } from '@backendai-e2e/api/fault';
import type { KindName } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { FaultSpec } from '@backendai-e2e/api/schemas/fault';
import { TestEnvironmentSpec } from '@backendai-e2e/api/schemas/test-environment';
import { TestReportSpec, TestReportStatus } from '@backendai-e2e/api/schemas/test-report';
import { TestRunSpec } from '@backendai-e2e/api/schemas/test-run';
import { TestSuiteSpec } from '@backendai-e2e/api/schemas/test-suite';
import {
  type Arbitrary,
  boolean,
  constantFrom,
  dictionary,
  oneof,
  option,
  record,
  sample,
  tuple,
} from 'fast-check';
import { type Schema, valuesOf } from './from-schema.ts';

/** A random object: name, spec and, of a report, the status that its runner writes. */
export interface FuzzedObject {
  name: string;
  spec: Record<string, unknown>;
  status?: Record<string, unknown>;
}

/** Names of objects that exist, so that references meet them in most objects. */
export interface Known {
  environments: readonly string[];
  suites: readonly string[];
  runs: readonly string[];
}

type Spec = Record<string, unknown>;

/** Attempts of one run at once. Hundreds of runs with 50 each only measure how fast the controller manager makes pods. */
const MOST_AT_ONCE = 3;

/** Objects that are sampled at once. */
const BATCH = 100;
/** Distance of the seeds of two batches, more than the number of kinds. */
const SEEDS = 1_000;
/** Quantities that a cluster accepts, in ascending order. */
const QUANTITIES = ['0', '1n', '100m', '0.5', '1', '2000m', '1e3', '128Mi', '512Mi', '1G', '2Gi', '1Ei'];

/**
 * Resources of which a cluster accepts most. Values of any text alone are no quantities, and few objects would be stored. Some
 * resources do not exist, so that the API server refuses the Job.
 */
function resources(): Arbitrary<Spec> {
  const names = constantFrom('cpu', 'memory', 'memory', 'ephemeral-storage', 'image');
  const of = (values: readonly string[]) => dictionary(names, constantFrom(...values), { maxKeys: 3 });
  const half = QUANTITIES.length / 2;
  return record(
    { requests: of(QUANTITIES.slice(0, half)), limits: of(QUANTITIES.slice(half)) },
    { requiredKeys: [] },
  ).map(asObject);
}

/** Random specs of a kind. Where exactly one of some fields must be set, one is. */
function specsOf(kind: KindName, known: Known): Arbitrary<Spec> {
  switch (kind) {
    case 'TestEnvironment':
      return tuple(specs(TestEnvironmentSpec), boolean(), constantFrom('tiny', 'none', 'backend-ai')).map(
        ([{ chart, external, namespace: _fixed, ...rest }, deploys, name]) => ({
          ...rest,
          ...(deploys ? { chart: { ...asObject(chart), name } } : { external: asObject(external) }),
        }),
      );
    case 'TestSuite':
      return tuple(specs(TestSuiteSpec), option(resources(), { freq: 4, nil: undefined })).map(
        ([spec, valid]) => (valid && spec.resources ? { ...spec, resources: valid } : spec),
      );
    case 'TestRun':
      return tuple(
        specs(TestRunSpec),
        among(known.environments),
        option(among(known.suites)),
        option(among(known.runs), { freq: 1 }),
      ).map(([{ suites, rerunFailedOf: _any, ...rest }, name, suite, again]) => ({
        ...rest,
        ...(rest.parallelism === undefined
          ? {}
          : { parallelism: (Number(rest.parallelism) % MOST_AT_ONCE) + 1 }),
        environmentRef: { name },
        ...(again !== null && suite === null
          ? { rerunFailedOf: again }
          : { suites: suite === null ? (suites ?? {}) : { names: [suite] } }),
      }));
    case 'TestReport':
      return tuple(specs(TestReportSpec), among(known.runs)).map(([spec, run]) => ({ ...spec, run }));
    case 'Fault':
      return tuple(specs(FaultSpec), among(known.environments), constantFrom(...FAULT_ACTIONS)).map(
        ([spec, name, action]) => ({
          ...Object.fromEntries(Object.entries(spec).filter(([field]) => !isAction(field))),
          [action]: spec[action] ?? actionOf(action),
          environmentRef: { name },
          target: targetOf(asObject(spec.target), action),
        }),
      );
  }
}

/** A target with at most one of the fields that narrow it; the rules of the kind refuse others. */
function targetOf({ component, pod, count, leader }: Spec, action: string): Spec {
  if (action === 'scaleToZero') return { component };
  if (leader !== undefined) {
    return { component: leader === 'scheduler' ? 'manager' : 'appproxy-coordinator', leader };
  }
  return { component, ...(pod === undefined ? (count === undefined ? {} : { count }) : { pod }) };
}

/** Random objects of a kind without an end. A cluster refuses some. The same seed gives the same ones. */
export function* makersOf(
  kind: KindName,
  known: Known,
  seed: number,
): Generator<(index: number) => FuzzedObject> {
  const objects = objectsOf(kind, known, 'fuzz');
  for (let batch = 0; ; batch += 1) {
    yield* sample(objects, { seed: seed + batch * SEEDS, numRuns: BATCH });
  }
}

/** Random objects of a kind. Some have the longest name that their references allow. */
function objectsOf(kind: KindName, known: Known, prefix: string): Arbitrary<(index: number) => FuzzedObject> {
  const status: Arbitrary<Spec | undefined> =
    kind === 'TestReport' ? option(specs(withoutConditions()), { nil: undefined }) : constantFrom(undefined);
  return tuple(specsOf(kind, known), status, boolean()).map(([spec, written, long]) => (index) => {
    const name = `${prefix}-${kind.toLowerCase().slice(4)}-${index}`;
    return {
      name: long ? name.padEnd(LENGTHS.name, 'x') : name,
      spec,
      ...(written ? { status: written } : {}),
    };
  });
}

/** What a runner may write: not what the operator writes. */
function withoutConditions(): Schema {
  const schema = plain(TestReportStatus);
  const { conditions: _operator, artifacts: _too, ...properties } = schema.properties ?? {};
  return { ...schema, properties };
}

function specs(schema: object): Arbitrary<Spec> {
  return valuesOf(plain(schema)).map(asObject);
}

/** A schema as JSON, without what TypeBox adds for the compiler. */
function plain(schema: object): Schema {
  return JSON.parse(JSON.stringify(schema));
}

function asObject(value: unknown): Spec {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function among(names: readonly string[]): Arbitrary<string> {
  return oneof(
    { weight: 5, arbitrary: constantFrom(...names) },
    { weight: 1, arbitrary: constantFrom('nowhere') },
  );
}

function isAction(field: string): boolean {
  return FAULT_ACTIONS.some((action) => action === field);
}

function actionOf(action: string): Spec {
  return action === 'networkPartition' ? { from: { component: 'agent' } } : {};
}
