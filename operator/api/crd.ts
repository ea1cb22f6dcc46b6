import { FaultSpec, FaultStatus } from './fault.ts';
import { GROUP, KINDS, type KindName, VERSION } from './group.ts';
import { LIMITS } from './limits.ts';
import { TestEnvironmentSpec, TestEnvironmentStatus } from './test-environment.ts';
import { TestReportSpec, TestReportStatus } from './test-report.ts';
import { TestRunSpec, TestRunStatus } from './test-run.ts';
import { TestSuiteSpec, TestSuiteStatus } from './test-suite.ts';

/** A JSON schema, or a part of one, as plain data. */
export interface Schema {
  [keyword: string]: unknown;
}

/** One column of `kubectl get`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  jsonPath: string;
  description: string;
  /** 0 is always shown, 1 only with -o wide. */
  priority?: 0 | 1;
}

/** A CustomResourceDefinition with the parts that this project uses. */
export interface CustomResourceDefinition {
  apiVersion: 'apiextensions.k8s.io/v1';
  kind: 'CustomResourceDefinition';
  metadata: { name: string; annotations: Record<string, string> };
  spec: {
    group: string;
    names: {
      kind: string;
      listKind: string;
      plural: string;
      singular: string;
      shortNames: string[];
      categories: string[];
    };
    scope: 'Namespaced';
    versions: {
      name: string;
      served: boolean;
      storage: boolean;
      subresources: { status: Record<string, never> };
      additionalPrinterColumns: PrinterColumn[];
      /** What objects can be listed by (fieldSelector), besides name and namespace. */
      selectableFields?: { jsonPath: string }[];
      schema: { openAPIV3Schema: Schema };
    }[];
  };
}

/** A schema keyword that a structural schema cannot hold. `path` says where. */
export class UnsupportedSchemaError extends Error {
  override readonly name = 'UnsupportedSchemaError';
  constructor(path: string, what: string) {
    super(
      `${path}: ${what} cannot be put into a CRD's structural schema: say it with type, enum, pattern, ranges or a CEL rule`,
    );
  }
}

const AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists.',
};

const nameRules = [
  {
    rule: `self.metadata.name.size() <= ${LIMITS.nameLength}`,
    message: `metadata.name must have at most ${LIMITS.nameLength} characters: names of Jobs and labels are made from it`,
  },
  {
    rule: "!self.metadata.name.contains('.')",
    message: 'metadata.name must not contain a dot: it becomes part of a DNS label',
  },
];

interface Definition {
  spec: object;
  status: object;
  rules: { rule: string; message: string }[];
  columns: PrinterColumn[];
  selectable?: string[];
}

const DEFINITIONS: Record<KindName, Definition> = {
  TestEnvironment: {
    spec: TestEnvironmentSpec,
    status: TestEnvironmentStatus,
    rules: nameRules,
    columns: [
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
  },
  TestSuite: {
    spec: TestSuiteSpec,
    status: TestSuiteStatus,
    rules: nameRules,
    columns: [
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
  },
  TestRun: {
    spec: TestRunSpec,
    status: TestRunStatus,
    rules: nameRules,
    // "status.finishedAt=" are the runs that have not ended: the operator asks for these alone.
    selectable: ['.status.finishedAt'],
    columns: [
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
  },
  TestReport: {
    spec: TestReportSpec,
    status: TestReportStatus,
    rules: [],
    columns: [
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
  },
  Fault: {
    spec: FaultSpec,
    status: FaultStatus,
    rules: nameRules,
    columns: [
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
  },
};

/** The CRD of one kind, made from its TypeBox schemas. Throws UnsupportedSchemaError. */
export function customResourceDefinition(name: KindName): CustomResourceDefinition {
  const { kind, plural, singular, shortNames } = KINDS[name];
  const definition = DEFINITIONS[name];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}`, annotations: { 'helm.sh/resource-policy': 'keep' } },
    spec: {
      group: GROUP,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        shortNames: [...shortNames],
        categories: ['e2e'],
      },
      scope: 'Namespaced',
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          ...(definition.selectable
            ? { selectableFields: definition.selectable.map((jsonPath) => ({ jsonPath })) }
            : {}),
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: structural(definition.spec, `${kind}.spec`).description,
              required: ['spec'],
              ...(definition.rules.length > 0 ? { 'x-kubernetes-validations': definition.rules } : {}),
              properties: {
                apiVersion: { type: 'string', description: `${GROUP}/${VERSION}` },
                kind: { type: 'string', description: kind },
                metadata: { type: 'object' },
                spec: structural(definition.spec, `${kind}.spec`),
                status: {
                  description: 'What was observed; written by the operator and the reporters.',
                  ...structural(definition.status, `${kind}.status`),
                },
              },
            },
          },
        },
      ],
    },
  };
}

/** Keywords of JSON schema that a structural schema knows in the same words. */
const PLAIN = new Set([
  'type',
  'description',
  'default',
  'enum',
  'format',
  'pattern',
  'required',
  'nullable',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
]);

/**
 * Turns a JSON schema as TypeBox writes it into what a CRD accepts: records become additionalProperties, enums of
 * strings get their type, an empty `required` goes. Extensions (x-kubernetes-*) are kept. `path` is for errors only.
 * Throws UnsupportedSchemaError for a keyword that would be lost.
 */
export function structural(schema: object, path: string): Schema {
  const result: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'properties') {
      result.properties = Object.fromEntries(
        Object.entries(asSchema(value, path)).map(([name, property]) => [
          name,
          structural(asSchema(property, `${path}.${name}`), `${path}.${name}`),
        ]),
      );
    } else if (keyword === 'items') {
      result.items = structural(asSchema(value, path), `${path}[]`);
    } else if (keyword === 'patternProperties') {
      const [inner, ...more] = Object.values(asSchema(value, path));
      if (more.length > 0) throw new UnsupportedSchemaError(path, 'more than one patternProperties');
      result.additionalProperties = structural(asSchema(inner, path), `${path}[*]`);
    } else if (keyword === 'additionalProperties') {
      if (typeof value !== 'object') throw new UnsupportedSchemaError(path, 'a boolean additionalProperties');
      result.additionalProperties = structural(asSchema(value, path), `${path}[*]`);
    } else if (keyword === 'required' && Array.isArray(value) && value.length === 0) {
      // An empty list says nothing, and older API servers refuse it.
    } else if (PLAIN.has(keyword) || keyword.startsWith('x-kubernetes-')) {
      result[keyword] = value;
    } else {
      throw new UnsupportedSchemaError(path, `the keyword ${keyword}`);
    }
  }
  if (Array.isArray(result.enum) && result.type === undefined) result.type = 'string';
  return result;
}

function asSchema(value: unknown, path: string): Schema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UnsupportedSchemaError(path, `${JSON.stringify(value)} in the place of a schema`);
  }
  return { ...value };
}
