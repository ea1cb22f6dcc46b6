import { CONNECTION_SECRET } from '@backendai-e2e/api/test-environment';
import { ApiError } from '@backendai-e2e/kube/api-error';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { STAGING, type StagingNamespaces } from './names.ts';
import { type Right, rightsFor, SERVED } from './rights.ts';

/** Something that only an administrator of the cluster can give is not there. Nothing was created. Exit code 2. */
export class NotPrepared extends Error {
  override readonly name = 'NotPrepared';
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** One question to the API server: may I do this? */
export interface Question {
  right: Right;
  resource: string;
  verb: string;
  name?: string;
}

/** The result of a preflight, before anything is created. */
export interface Preflight {
  /** As the API server calls the user; undefined where it does not say (before Kubernetes 1.28). */
  user: string | undefined;
  /** Kinds that the API server does not serve, by plural. */
  missingKinds: string[];
  /** unknown: the user may not read it. */
  namespace: 'found' | 'absent' | 'unknown';
  missing: Question[];
}

type Client = Pick<RestApi, 'get' | 'create'>;

/** Reviews at a time. */
const PARALLEL = 8;

/** Every question about the rights: one for each verb, resource and name. */
export function questionsFor(namespaces: StagingNamespaces, secret: string = CONNECTION_SECRET): Question[] {
  return rightsFor(secret).flatMap((right) =>
    right.resources.flatMap((resource) =>
      right.verbs.flatMap((verb) =>
        (right.names?.(namespaces) ?? [undefined]).map((name) => ({
          right,
          resource,
          verb,
          ...(name === undefined ? {} : { name }),
        })),
      ),
    ),
  );
}

/** Runs the preflight; creates nothing. Throws what the client throws. */
export async function lookBefore(
  client: Client,
  namespaces: StagingNamespaces,
  options: { secret?: string; signal: AbortSignal },
): Promise<Preflight> {
  const { signal } = options;
  const user = await whoAmI(client, signal);
  const missingKinds = await unserved(client, signal);
  const namespace = await look(client, namespaces.test, signal);
  const questions = questionsFor(namespaces, options.secret);
  const missing: Question[] = [];
  const waiting = [...questions];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (!(await allowed(client, next, namespaces, signal))) missing.push(next);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  missing.sort((a, b) => questions.indexOf(a) - questions.indexOf(b));
  return { user, missingKinds, namespace, missing };
}

/** A line for each group of missing rights that belong together, the indispensable ones only or the others only. */
export function rightsInWords(missing: readonly Question[], namespaces: StagingNamespaces): string[] {
  const groups = new Map<string, Question[]>();
  for (const question of missing) {
    const key = `${question.right.place} ${question.resource} ${question.name ?? ''} ${question.right.why}`;
    groups.set(key, [...(groups.get(key) ?? []), question]);
  }
  return [...groups.values()].flatMap((questions) => {
    const [first] = questions;
    if (!first) return [];
    const { right, resource, name } = first;
    const [plural, subresource] = resource.split('/');
    const what = `${plural}${right.group ? `.${right.group}` : ''}${subresource ? `/${subresource}` : ''}`;
    const verbs = questions.map(({ verb }) => verb).join(', ');
    const lost = right.lost ? `; without it, ${right.lost}` : '';
    return [
      `${verbs} ${what}${name ? ` "${name}"` : ''} in namespace ${namespaces[right.place]} (${right.why}${lost})`,
    ];
  });
}

/**
 * Throws NotPrepared with everything that is missing and the commands of the administrator.
 * Returns one line for each optional right that is missing.
 */
export function refuseUnprepared(found: Preflight, namespaces: StagingNamespaces): string[] {
  const needed = found.missing.filter(({ right }) => right.lost === undefined);
  const nice = found.missing.filter(({ right }) => right.lost !== undefined);
  const lines = [
    ...found.missingKinds.map(
      (plural) => `the cluster does not know the kind ${plural}.${SERVED.apiVersion}`,
    ),
    ...(found.namespace === 'absent' ? [`there is no namespace ${namespaces.test}`] : []),
    ...rightsInWords(needed, namespaces).map((line) => `missing right: ${line}`),
  ];
  if (lines.length === 0) return rightsInWords(nice, namespaces);
  throw new NotPrepared(
    `nothing was created, the cluster is not prepared:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    `an administrator of the cluster runs in this checkout, with a kubeconfig of their own:\n${adminCommands(
      found,
      namespaces,
    )
      .map((line) => `    ${line}`)
      .join('\n')}`,
  );
}

/** The exact commands for an administrator to provide what is missing, in order. */
export function adminCommands(found: Preflight, namespaces: StagingNamespaces): string[] {
  const user = found.user ?? 'USER';
  const shown = /^[\w:.@-]+$/.test(user) ? user : `'${user.replaceAll("'", "'\\''")}'`;
  return [
    ...(found.missingKinds.length > 0
      ? [`kubectl apply --server-side --force-conflicts -f ${STAGING.crds}`]
      : []),
    ...(found.namespace === 'absent' ? [`kubectl create namespace ${namespaces.test}`] : []),
    ...(found.namespace === 'unknown'
      ? [`kubectl get namespace ${namespaces.test} || kubectl create namespace ${namespaces.test}`]
      : []),
    ...(found.missing.length > 0
      ? [
          `./e2e staging --namespace ${namespaces.deployment} --test-namespace ${namespaces.test} --print-rights ${shown} | kubectl apply -f -`,
        ]
      : []),
  ];
}

async function whoAmI(client: Client, signal: AbortSignal): Promise<string | undefined> {
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  try {
    const answer = await client.create<{ status?: { userInfo?: { username?: string } } }>(
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      review,
      signal,
    );
    return answer.status?.userInfo?.username;
  } catch (error) {
    // Only the administrator's command becomes less exact; a wrong login must not pass.
    if (error instanceof ApiError && error.code !== 401) return undefined;
    throw error;
  }
}

async function unserved(client: Client, signal: AbortSignal): Promise<string[]> {
  try {
    const list = await client.get<{ resources: { name: string }[] }>(
      `/apis/${SERVED.apiVersion}`,
      {},
      signal,
    );
    const names = new Set(list.resources.map(({ name }) => name));
    return SERVED.plurals.filter((plural) => !names.has(plural));
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return [...SERVED.plurals];
    // A cluster that hides what it serves: creating the first object shows it.
    if (error instanceof ApiError && error.code === 403) return [];
    throw error;
  }
}

async function look(client: Client, namespace: string, signal: AbortSignal): Promise<Preflight['namespace']> {
  try {
    await client.get(`/api/v1/namespaces/${namespace}`, {}, signal);
    return 'found';
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return 'absent';
    if (error instanceof ApiError && error.code === 403) return 'unknown';
    throw error;
  }
}

async function allowed(
  client: Client,
  question: Question,
  namespaces: StagingNamespaces,
  signal: AbortSignal,
): Promise<boolean> {
  const { right, verb, name } = question;
  const [resource, subresource] = question.resource.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        namespace: namespaces[right.place],
        group: right.group,
        resource,
        verb,
        ...(subresource ? { subresource } : {}),
        ...(name ? { name } : {}),
      },
    },
  };
  const answer = await client.create<{ status?: { allowed?: boolean } }>(
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    review,
    signal,
  );
  return answer.status?.allowed === true;
}
