import { GROUP, KINDS, type KindName, VERSION } from '@backendai-e2e/api/group';
import { LENGTHS } from '@backendai-e2e/api/lengths';
import { FaultSpec, FaultStatus } from '@backendai-e2e/api/schemas/fault';
import { TestEnvironmentSpec, TestEnvironmentStatus } from '@backendai-e2e/api/schemas/test-environment';
import { TestReportSpec, TestReportStatus } from '@backendai-e2e/api/schemas/test-report';
import { TestRunSpec } from '@backendai-e2e/api/schemas/test-run';
import { TestRunStatus } from '@backendai-e2e/api/schemas/test-run-status';
import { TestSuiteSpec, TestSuiteStatus } from '@backendai-e2e/api/schemas/test-suite';
import { PRINTER_COLUMNS, type PrinterColumn } from './printer-columns.ts';
import { type Schema, structural } from './structural-schema.ts';

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

const nameRules = [
  {
    rule: `self.metadata.name.size() <= ${LENGTHS.name}`,
    message: `metadata.name must have at most ${LENGTHS.name} characters: names of Jobs and labels contain it`,
  },
  {
    rule: "!self.metadata.name.contains('.')",
    message: 'metadata.name must not contain a dot: it is part of a DNS label',
  },
];

interface Definition {
  spec: object;
  status: object;
  rules: { rule: string; message: string }[];
  selectable?: string[];
}

const DEFINITIONS: Record<KindName, Definition> = {
  TestEnvironment: {
    spec: TestEnvironmentSpec,
    status: TestEnvironmentStatus,
    rules: nameRules,
  },
  TestSuite: {
    spec: TestSuiteSpec,
    status: TestSuiteStatus,
    rules: nameRules,
  },
  TestRun: {
    spec: TestRunSpec,
    status: TestRunStatus,
    rules: nameRules,
    // "status.finishedAt=" are the runs that have not ended: the operator asks for these alone.
    selectable: ['.status.finishedAt'],
  },
  TestReport: {
    spec: TestReportSpec,
    status: TestReportStatus,
    rules: [],
  },
  Fault: {
    spec: FaultSpec,
    status: FaultStatus,
    rules: nameRules,
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
          additionalPrinterColumns: PRINTER_COLUMNS[name],
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
                  description: 'Observed state, written by the operator and the reporters.',
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
