/**
 * Writes docs/rbac.md from charts/e2e-operator/templates/rbac.yaml, whose comments give the reason for each rule, and from the
 * Role of an attempt. `node tools/charts/rights/rbac-table.ts` updates the file; a spec fails when it is out of date.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { attemptAccess } from '@backendai-e2e/operator/attempts/attempt-access';
import { isMap, isSeq, parseAllDocuments, type YAMLMap } from 'yaml';
import { helm } from '../rendering/backend-ai.ts';

/** The file that is written. */
export const RBAC_FILE = path.join(import.meta.dirname, '../../../docs/rbac.md');
const CHART = path.join(import.meta.dirname, '../../../charts/e2e-operator');

/** One rule of a Role, and why it is there. */
export interface RuleRow {
  /** apiGroups and resources: "batch: jobs". */
  what: string;
  verbs: string[];
  /** Empty: any name. */
  names: string[];
  why: string;
}

/** A Role or ClusterRole as it is installed. */
export interface RoleTable {
  kind: string;
  name: string;
  namespace: string | undefined;
  /** What its own comment says. */
  about: string;
  rules: RuleRow[];
}

/** The roles of the operator, installed in the namespace "operators" with these values (a=b). */
export function chartRoles(...values: string[]): Promise<RoleTable[]> {
  return rolesIn('rbac.yaml', values);
}

async function rolesIn(template: string, values: readonly string[]): Promise<RoleTable[]> {
  const set = ['image=x,suitesImage=x', ...values].flatMap((value) => ['--set', value]);
  const shown = ['--show-only', `templates/${template}`];
  const text = await helm('template', 'e2e', CHART, '--namespace', 'operators', ...set, ...shown);
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS();
    const rules = document.get('rules');
    if (!isSeq(rules) || (object.kind !== 'Role' && object.kind !== 'ClusterRole')) return [];
    let why = words(rules.commentBefore);
    return {
      kind: object.kind,
      name: object.metadata.name,
      namespace: object.metadata.namespace,
      about: words(document.commentBefore ?? document.contents?.commentBefore),
      rules: rules.items.filter(isMap).map((item: YAMLMap) => {
        // A rule without a comment belongs to the one before.
        why = words(item.commentBefore) || why;
        return { ...ruleRow(item.toJS(document)), why };
      }),
    };
  });
}

/** The reason for each right of an attempt, by resource. */
const ATTEMPT_REASONS: Record<string, string> = {
  testreports:
    'Read its own report, and no other. The Faults that it asks for name the report as their owner.',
  'testreports/status':
    'Write the results into its own report while it runs. The admission policy in templates/report-policy.yaml keeps it from other fields.',
  faults:
    'Ask for faults; only suites marked `disruptive`. RBAC cannot limit a creation by name. The admission policy in templates/fault-policy.yaml and the operator limit an attempt to its own name and environment.',
};

/** The Role of a disruptive suite's attempt; others have its rules about reports alone. Throws for a resource without a reason. */
export function attemptRole(): RoleTable {
  const owner = { apiVersion: 'v1', kind: 'x', name: 'x', uid: 'x' };
  const identity = { name: '<run>-<suite>-<attempt>', namespace: 'operators', labels: {}, owner };
  const { role } = attemptAccess(identity, { disruptive: true });
  return {
    kind: 'Role',
    name: identity.name,
    namespace: identity.namespace,
    about: 'The operator creates this Role for the pod of one attempt.',
    rules: (role.rules ?? []).map((rule) => {
      const [first = ''] = rule.resources ?? [];
      const why = ATTEMPT_REASONS[first];
      if (why === undefined) throw new Error(`say in ATTEMPT_REASONS why an attempt may touch ${first}`);
      return { ...ruleRow(rule), why };
    }),
  };
}

/** The whole file. */
export async function rbacDocument(): Promise<string> {
  const whole = await chartRoles();
  const limited = await chartRoles('watchNamespaces={team-a,team-b}');
  const schedule = await rolesIn('schedule.yaml', ['schedule.cron=30 2 * * *']);
  const places = limited.map(({ kind, name, namespace }) => `${kind} \`${name}\` in \`${namespace}\``);
  return [
    '# What the operator and its suites may do',
    '',
    '<!-- Written by tools/charts/rights/rbac-table.ts from charts/e2e-operator/templates/rbac.yaml. Do not edit. -->',
    '',
    'Names are those of a release in the namespace `operators`. No rule has a wildcard.',
    '',
    ...whole.flatMap(section),
    ...section(attemptRole()),
    ...schedule.flatMap(section),
    '## Limited to namespaces',
    '',
    'With the value `watchNamespaces: [team-a, team-b]` there is no ClusterRole and no ClusterRoleBinding. Only these roles exist,',
    'with the rules above:',
    '',
    ...places.map((place) => `- ${place}`),
    '',
    'Environments must then be external, because the operator cannot create a namespace for them.',
    '',
    '## Artifacts',
    '',
    'The artifact server has no account at the API server. With `artifacts.store: configMap` there is no such server, and the Role',
    '`backendai-e2e-operator` has one more rule:',
    '',
    ...(await configMapRules()).map(({ what, verbs, why }) => `- ${what} (${verbs.join(', ')}): ${why}`),
    '',
    'To fetch artifacts with `e2e report`, a user needs `get` on `services/proxy` named `backendai-e2e-artifacts:http` in the namespace',
    'of the operator. The user also needs to read runs and reports. With the right to list `faults` and `leases`, run.json holds',
    'faults and changes of leaders too.',
    '',
    '`e2e history pull` also needs `get` on the Secret `backendai-e2e-artifacts`, because lists need its token. `e2e history push`',
    'needs `update` on the same `services/proxy` as well. The token also allows to remove artifacts: grant it to those who run CI.',
    '',
    '`e2e ui` needs `list` and `watch` on runs, reports and environments. It also shows the `faults`, `leases`, `pods`, `events` and',
    '`pods/log` that its user may read. It masks the Secrets that the user may list.',
    '',
    '## What an administrator installs',
    '',
    'The CRDs and the admission policies need an administrator of the cluster (`crds.install`, `faultPolicy.install`,',
    '`reportPolicy.install`, `runPolicy.install`, `operatorPolicy.install`).',
    '',
    "RBAC has no name patterns, so the policy of `operatorPolicy` limits the operator's account. It deletes only namespaces that",
    'it created for its own environments. It binds rights only there and beside itself.',
    '',
    '## Who may create which kind',
    '',
    'Grant these rights as you would grant what they are worth:',
    '',
    '| kind | worth of `create` |',
    '| --- | --- |',
    '| TestEnvironment | Runs the images of `environments.images` in a new namespace, privileged those of `environments.privilegedImages`. Mounts the folders of `environments.hostPaths` of nodes. With all of these under your control, that is the node. |',
    '| TestSuite | Runs any image as a restricted pod beside the operator. The pod gets the connection Secret of the environment. |',
    '| TestRun | Runs existing suites. Suites marked as disruptive disrupt environments that allow it. |',
    '| Fault | Disrupts environments with `disruption: Allowed`, within the limits of the kind. |',
    '| TestReport | Only the operator creates reports. A report that a user creates belongs to no run. |',
    '',
    'An environment owns the namespace that the operator created for it. Another TestEnvironment that names it is refused with',
    'the reason `NamespaceTaken`, and allows no Fault there.',
    '',
  ].join('\n');
}

/** The rules that the operator has only where traces are kept in ConfigMaps. */
async function configMapRules(): Promise<RuleRow[]> {
  const standard = JSON.stringify(await chartRoles());
  const roles = await chartRoles('artifacts.store=configMap');
  return roles.flatMap(({ rules }) => rules).filter((rule) => !standard.includes(JSON.stringify(rule)));
}

function section({ kind, name, namespace, about, rules }: RoleTable): string[] {
  const where = namespace === undefined ? '' : ` in \`${namespace}\``;
  return [
    `## ${kind} \`${name}\`${where}`,
    '',
    ...(about ? [about, ''] : []),
    '| resources | verbs | why |',
    '| --- | --- | --- |',
    ...rules.map(
      (rule) =>
        `| ${rule.what}${rule.names.length > 0 ? ` named ${rule.names.map((each) => `\`${each}\``).join(', ')}` : ''} | ${rule.verbs.join(', ')} | ${rule.why} |`,
    ),
    '',
  ];
}

function ruleRow(rule: {
  apiGroups?: string[] | undefined;
  resources?: string[] | undefined;
  verbs?: string[] | undefined;
  resourceNames?: string[] | undefined;
}): Omit<RuleRow, 'why'> {
  const groups = (rule.apiGroups ?? []).map((group) => group || 'core');
  return {
    what: `${groups.join(', ')}: ${(rule.resources ?? []).join(', ')}`,
    verbs: rule.verbs ?? [],
    names: rule.resourceNames ?? [],
  };
}

function words(comment: string | null | undefined): string {
  return (comment ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Source:'))
    .join(' ');
}

if (import.meta.main) writeFileSync(RBAC_FILE, await rbacDocument());
