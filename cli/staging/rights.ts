import { API_VERSION, GROUP, KINDS } from '@backendai-e2e/api/group';
import { CONNECTION_SECRET } from '@backendai-e2e/api/test-environment';
import { stringify } from 'yaml';
import { STAGING, type StagingNamespaces } from './names.ts';

/** One right that the user of a staging run needs. */
export interface Right {
  place: keyof StagingNamespaces;
  /** API group, "" for the core. */
  group: string;
  /** With subresource after a slash. */
  resources: readonly string[];
  verbs: readonly string[];
  /** Only these names; left out: all. A function of the namespaces. */
  names?: (namespaces: StagingNamespaces) => string[];
  why: string;
  /** What is lost without it; left out: nothing works without it. */
  lost?: string;
}

const RBAC = 'rbac.authorization.k8s.io';
const kinds = Object.values(KINDS).map(({ plural }) => plural);

/**
 * Everything that `e2e staging` needs, and no more. Users cannot grant rights that they lack. So the rights of the operator and
 * of the suites are part of it (charts/e2e-operator/templates/rbac.yaml).
 */
export const RIGHTS: readonly Right[] = [
  {
    place: 'test',
    group: '',
    resources: ['namespaces'],
    verbs: ['get'],
    names: ({ test }) => [test],
    why: 'see that the namespace is there',
  },
  {
    place: 'test',
    group: '',
    resources: ['secrets'],
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
    why: 'Helm keeps its release there, and the suites get their connection by one',
  },
  {
    place: 'test',
    group: '',
    resources: ['configmaps', 'services', 'serviceaccounts'],
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
    why: 'parts of the operator; an account for each attempt of a suite',
  },
  {
    place: 'test',
    group: 'apps',
    resources: ['deployments'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
    why: 'the operator, and whether it is up',
  },
  {
    place: 'test',
    group: RBAC,
    resources: ['roles', 'rolebindings'],
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
    why: 'the rights of the operator and of each attempt, none beyond this list',
  },
  {
    place: 'test',
    group: GROUP,
    resources: kinds,
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
    why: 'the run and its results',
  },
  {
    place: 'test',
    group: GROUP,
    resources: kinds.map((plural) => `${plural}/status`),
    verbs: ['get', 'patch'],
    why: 'the operator writes what it sees',
  },
  {
    place: 'test',
    group: 'batch',
    resources: ['jobs'],
    verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'],
    why: 'a Job for each attempt of a suite',
  },
  {
    place: 'test',
    group: '',
    resources: ['pods'],
    verbs: ['get', 'list', 'watch'],
    why: 'how the operator and the suites do, and whether they are gone at the end',
  },
  {
    place: 'test',
    group: '',
    resources: ['pods/log'],
    verbs: ['get'],
    why: 'output of the suites, which is compared with the reports',
  },
  {
    place: 'test',
    group: '',
    resources: ['services/proxy'],
    verbs: ['get'],
    names: () => [STAGING.artifactService],
    why: 'fetch the artifacts of attempts from the artifact server',
    lost: 'artifacts are not fetched, only the logs of pods that are still there',
  },
  {
    place: 'test',
    group: '',
    resources: ['events'],
    verbs: ['list', 'create', 'patch'],
    why: 'the operator says in events what happened, and failures are explained with them',
  },
  {
    place: 'test',
    group: 'coordination.k8s.io',
    resources: ['leases'],
    verbs: ['get', 'list', 'create', 'update', 'patch', 'delete'],
    why: 'the Lease by which one operator acts at a time; removed at the end',
  },
  {
    place: 'deployment',
    group: '',
    resources: ['services'],
    verbs: ['list'],
    why: 'endpoints of Backend.AI',
    lost: 'all endpoints have to come from the Secret or from --connection-file',
  },
  {
    place: 'deployment',
    group: '',
    resources: ['secrets'],
    verbs: ['get'],
    names: () => [CONNECTION_SECRET],
    why: 'credentials of Backend.AI',
    lost: 'all credentials have to come from --connection-file',
  },
  {
    place: 'deployment',
    group: '',
    resources: ['pods', 'events'],
    verbs: ['list'],
    why: 'explain failures',
    lost: 'failures are reported without the state of the components',
  },
  {
    place: 'deployment',
    group: '',
    resources: ['pods/log'],
    verbs: ['get'],
    why: 'explain failures',
    lost: "failures are reported without the components' logs",
  },
];

/** A rule as RBAC has it. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** The rules of one namespace. */
export function rulesIn(
  place: keyof StagingNamespaces,
  namespaces: StagingNamespaces,
  secret: string = CONNECTION_SECRET,
): Rule[] {
  return rightsFor(secret)
    .filter((right) => right.place === place)
    .map(({ group, resources, verbs, names }) => ({
      apiGroups: [group],
      resources: [...resources],
      verbs: [...verbs],
      ...(names ? { resourceNames: names(namespaces) } : {}),
    }));
}

/** The list, for a deployment whose credentials lie in a Secret of another name. */
export function rightsFor(secret: string): readonly Right[] {
  return RIGHTS.map((right) =>
    right.place === 'deployment' && right.resources.includes('secrets')
      ? { ...right, names: () => [secret] }
      : right,
  );
}

/** Whether rules grant another one: each of its verbs on each of its resources, for its names. */
export function grants(rules: readonly Rule[], asked: Rule): boolean {
  return asked.apiGroups.every((group) =>
    asked.resources.every((resource) =>
      asked.verbs.every((verb) =>
        rules.some(
          (rule) =>
            rule.apiGroups.includes(group) &&
            rule.resources.includes(resource) &&
            rule.verbs.includes(verb) &&
            (!rule.resourceNames ||
              asked.resourceNames?.every((name) => rule.resourceNames?.includes(name)) === true),
        ),
      ),
    ),
  );
}

/**
 * What an administrator applies: a Role and a RoleBinding in each of the two namespaces, as YAML.
 * @param user as the API server calls the user, for example "jane" or "system:serviceaccount:ci:release"
 */
export function rightsManifest(namespaces: StagingNamespaces, user: string, secret?: string): string {
  const name = 'backendai-e2e-staging';
  const both = namespaces.test === namespaces.deployment;
  const spots: (keyof StagingNamespaces)[] = both ? ['test'] : ['test', 'deployment'];
  const documents = spots.flatMap((place) => {
    const rules = [
      ...rulesIn(place, namespaces, secret),
      ...(both ? rulesIn('deployment', namespaces, secret) : []),
    ];
    const metadata = { name, namespace: namespaces[place] };
    return [
      { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules },
      {
        apiVersion: `${RBAC}/v1`,
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name },
        subjects: [subjectOf(user)],
      },
    ];
  });
  const header = [
    `# Everything that ${user} needs for "make e2e-staging DEPLOYMENT_NAMESPACE=${namespaces.deployment}${namespaces.test === STAGING.testNamespace ? '' : ` TEST_NAMESPACE=${namespaces.test}`}", and no more.`,
    '# An administrator applies it. Made by "./e2e staging --print-rights".',
  ];
  return `${header.join('\n')}\n${documents.map((each) => stringify(each, { lineWidth: 0 })).join('---\n')}`;
}

function subjectOf(user: string): Record<string, string> {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  return account?.[1] && account[2]
    ? { kind: 'ServiceAccount', namespace: account[1], name: account[2] }
    : { apiGroup: RBAC, kind: 'User', name: user };
}

/** Group and version that the CRDs must serve. */
export const SERVED = { apiVersion: API_VERSION, plurals: kinds };
