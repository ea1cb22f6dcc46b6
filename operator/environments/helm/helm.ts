import type { Secrets } from '@backendai-e2e/redaction/redaction';
import { runProgram } from './run-program.ts';

/** The parameters of a helm call. */
export interface HelmCall {
  /** Path of the helm binary. */
  binary: string;
  /** kubeconfig file; undefined: $KUBECONFIG or the pod's service account, as helm finds it. */
  kubeconfig: string | undefined;
  signal: AbortSignal;
  /** Milliseconds after which helm is stopped. */
  deadlineMs: number;
}

/** helm failed. `transient`: the API server caused it, so the same call may succeed later. */
export class HelmError extends Error {
  override readonly name = 'HelmError';
  readonly transient: boolean;
  readonly #what: string;
  readonly #said: string;
  constructor(what: string, said: string, transient: boolean, cause?: unknown) {
    super(`${what}: ${said}`, { cause });
    this.#what = what;
    this.#said = said;
    this.transient = transient;
  }

  /** The error without secrets: helm quotes values and objects. The cause is dropped, as it may contain them too. */
  masked(secrets: Secrets): HelmError {
    return new HelmError(this.#what, secrets.mask(this.#said), this.transient);
  }
}

/** Messages of helm or the API server after which a retry may succeed. */
const TRANSIENT =
  /connection refused|connection reset|i\/o timeout|TLS handshake timeout|context deadline exceeded|too many requests|etcdserver|the object has been modified|server is currently unable|service unavailable|unexpected EOF|no such host|is forbidden/i;
/** Bytes from the end of helm's output that a message quotes. */
const KEPT = 2_000;

/** Arguments of `helm upgrade --install`. Values come on stdin: other processes can read a command line. */
export function upgradeArguments(release: string, chart: string, namespace: string): string[] {
  return [
    'upgrade',
    '--install',
    release,
    chart,
    '--namespace',
    namespace,
    '--create-namespace=false',
    // Restores fields that were changed by hand (replicas) when the chart or its values change.
    '--force-conflicts',
    '--history-max=3',
    '--hide-notes',
    '--values',
    '-',
  ];
}

/** Arguments of `helm template`, which renders what `helm upgrade` would install, hooks included. */
export function templateArguments(release: string, chart: string, namespace: string): string[] {
  return ['template', release, chart, '--namespace', namespace, '--values', '-'];
}

/** Arguments of `helm uninstall`; a missing release is no error. */
export function uninstallArguments(release: string, namespace: string): string[] {
  return ['uninstall', release, '--namespace', namespace, '--ignore-not-found', '--no-hooks'];
}

/** Selects helm's Secrets of unfinished operations of a release, which a killed helm leaves behind. */
export function pendingReleaseSelector(release: string): string {
  return `owner=helm,name=${release},status in (pending-install,pending-upgrade,pending-rollback)`;
}

/**
 * Runs helm with `input` on stdin. Resolves when it exits with 0, for "template" to its stdout. Throws HelmError with the end
 * of what it wrote to stderr, or with the deadline. Rejects with the signal's reason on abort.
 */
export async function runHelm(call: HelmCall, args: readonly string[], input = ''): Promise<string> {
  const what = `helm ${args.slice(0, 2).join(' ')}`;
  const { signal, deadlineMs } = call;
  const end = await runProgram({
    program: call.binary,
    args: call.kubeconfig ? [...args, '--kubeconfig', call.kubeconfig] : args,
    input,
    output: args[0] === 'template',
    // helm writes caches, and the root file system of the operator's container is read-only.
    env: {
      HELM_CACHE_HOME: '/tmp/helm/cache',
      HELM_CONFIG_HOME: '/tmp/helm/config',
      HELM_DATA_HOME: '/tmp/helm/data',
    },
    signal,
    deadlineMs,
  });
  signal.throwIfAborted();
  if (end.exitCode === 0) return end.stdout;
  const { stderr, failure } = end;
  if (end.timedOut)
    throw new HelmError(what, `did not end within ${deadlineMs / 1000} s; ${tail(stderr)}`, true);
  if (failure) throw new HelmError(what, `helm could not be started: ${failure.message}`, false, failure);
  throw new HelmError(what, tail(stderr), TRANSIENT.test(stderr));
}

function tail(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > KEPT ? `…${trimmed.slice(-KEPT)}` : trimmed || 'it said nothing';
}
