import { spawn } from 'node:child_process';
import { ConfigError } from '../access/config-error.ts';
import { fieldsOf, text } from './fields.ts';
import type { ExecConfig, KubeconfigCluster } from './file.ts';

/** Versions of the contract between kubectl and its credential plugins that kubectl still speaks. */
const API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** Name of the cluster's extension that is meant for the plugin. */
const EXTENSION = 'client.authentication.k8s.io/exec';

/** Milliseconds for a plugin that asks no questions. kubectl waits without a limit. */
const ALONE_MS = 60_000;

/** Milliseconds for a plugin that may ask a person to log in. */
const WITH_PERSON_MS = 600_000;

/** Characters of the plugin's error output to repeat in our error. */
const STDERR_CHARACTERS = 1_000;

/** What a plugin gave. Certificate and key are PEM text. */
export interface ExecCredential {
  token?: string;
  certificate?: string;
  key?: string;
  /** Undefined: good until the API server refuses it. */
  expiresAt?: Date;
}

const STATUS = fieldsOf<{
  token: string;
  clientCertificateData: string;
  clientKeyData: string;
  expirationTimestamp: string;
}>({ token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text });

/** What a plugin needs besides its own configuration. */
export interface ExecEnvironment {
  env: NodeJS.ProcessEnv;
  /** Whether a person can answer on the standard input. */
  terminal: boolean;
  /** Receives the plugin's error output as it comes: it may ask a person to log in. */
  showError: (text: string) => void;
  cluster: KubeconfigCluster;
  /** Base64 of the cluster's authority, from the data or from the file. */
  authority?: string | undefined;
  /** Milliseconds for the plugin. Default: a minute, or ten where it may ask a person to log in. */
  limitMs?: number;
}

/** Whether the plugin gets the standard input. Throws ConfigError for a configuration that kubectl refuses. Pure. */
export function isInteractive(exec: ExecConfig, terminal: boolean): boolean {
  const { apiVersion = '', interactiveMode } = exec;
  if (!exec.command) throw new ConfigError('The exec plugin of the user has no command.');
  if (!API_VERSIONS.includes(apiVersion)) {
    throw new ConfigError(
      `The exec plugin ${exec.command} has apiVersion "${apiVersion}". Supported: ${API_VERSIONS.join(', ')}.`,
    );
  }
  const mode = interactiveMode ?? (apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : undefined);
  if (mode === 'Never') return false;
  if (mode === 'IfAvailable') return terminal;
  if (mode !== 'Always') {
    throw new ConfigError(
      `The exec plugin ${exec.command} needs interactiveMode: Never, IfAvailable or Always.`,
    );
  }
  if (terminal) return true;
  throw new ConfigError(
    `The exec plugin ${exec.command} needs a terminal (interactiveMode: Always), but the standard input is none.`,
  );
}

/**
 * The value of $KUBERNETES_EXEC_INFO: an ExecCredential without a status. It describes the cluster when the plugin
 * asks for that (provideClusterInfo). Pure.
 */
export function execInfo(exec: ExecConfig, interactive: boolean, around: ExecEnvironment): string {
  const { cluster, authority } = around;
  const spec: Record<string, unknown> = { interactive };
  if (exec.provideClusterInfo) {
    spec.cluster = {
      server: cluster.server,
      'tls-server-name': cluster['tls-server-name'],
      'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
      'certificate-authority-data': authority,
      'proxy-url': cluster['proxy-url'],
      'disable-compression': cluster['disable-compression'],
      config: cluster.extensions?.find(({ name }) => name === EXTENSION)?.extension,
    };
  }
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec });
}

/** The credentials in a plugin's output. Throws ConfigError for output that kubectl refuses. Pure. */
export function readExecCredential(exec: ExecConfig, output: string): ExecCredential {
  const fail = (why: string, cause?: unknown): never => {
    throw new ConfigError(`The exec plugin ${exec.command} ${why}.`, cause === undefined ? {} : { cause });
  };
  let answer: { apiVersion?: unknown; kind?: unknown; status?: unknown } | null;
  try {
    answer = JSON.parse(output);
  } catch (cause) {
    return fail('printed no JSON', cause);
  }
  if (answer?.kind !== 'ExecCredential') {
    return fail(`printed kind ${JSON.stringify(answer?.kind)}, not "ExecCredential"`);
  }
  if (answer.apiVersion !== exec.apiVersion) {
    return fail(
      `printed apiVersion ${JSON.stringify(answer.apiVersion)}, but the kubeconfig asks for "${exec.apiVersion}"`,
    );
  }
  const status = STATUS(answer.status ?? {}, 'status', `the output of the exec plugin ${exec.command}`);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = status;
  if (!clientCertificateData !== !clientKeyData)
    return fail('printed a certificate or a key without the other');
  if (!token && !clientCertificateData) return fail('printed neither a token nor a certificate');
  const expiresAt = expirationTimestamp ? new Date(expirationTimestamp) : undefined;
  if (expiresAt && Number.isNaN(expiresAt.getTime())) {
    return fail(`printed expirationTimestamp "${expirationTimestamp}", which is no time`);
  }
  return {
    ...(token ? { token } : {}),
    ...(clientCertificateData ? { certificate: clientCertificateData } : {}),
    ...(clientKeyData ? { key: clientKeyData } : {}),
    ...(expiresAt ? { expiresAt } : {}),
  };
}

/**
 * Runs a credential plugin as kubectl does: its own variables on top of ours, and $KUBERNETES_EXEC_INFO. It gets the terminal
 * where it may ask, and its error output is shown as it comes. Throws ConfigError with the reason. For a command that does not
 * exist, the error has the kubeconfig's hint.
 */
export async function runExecPlugin(exec: ExecConfig, around: ExecEnvironment): Promise<ExecCredential> {
  const interactive = isInteractive(exec, around.terminal);
  const own = Object.fromEntries((exec.env ?? []).map(({ name, value }) => [name, String(value)]));
  const env = { ...around.env, ...own, KUBERNETES_EXEC_INFO: execInfo(exec, interactive, around) };
  const output = await outputOf(exec, env, interactive, around);
  return readExecCredential(exec, output);
}

function outputOf(
  exec: ExecConfig,
  env: NodeJS.ProcessEnv,
  interactive: boolean,
  { showError, limitMs = interactive ? WITH_PERSON_MS : ALONE_MS }: ExecEnvironment,
): Promise<string> {
  const { command = '', args } = exec;
  return new Promise((resolve, reject) => {
    let output = '';
    let complaints = '';
    const fail = (how: string, cause?: unknown) =>
      reject(new ConfigError(`The exec plugin ${command} ${how}`, cause === undefined ? {} : { cause }));
    const child = spawn(command, args ?? [], {
      env,
      stdio: [interactive ? 'inherit' : 'ignore', 'pipe', 'pipe'],
    });
    // Not the timeout of spawn(): it goes on after a failed start. It also waits for a plugin that ignores SIGTERM.
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      // A process that the plugin started may hold these open.
      child.stdout?.destroy();
      child.stderr?.destroy();
      fail(`did not end within ${limitMs / 1000} s${reason(complaints)}`);
    }, limitMs);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      showError(text);
      complaints = (complaints + text).slice(-STDERR_CHARACTERS);
    });
    child.once('error', (cause: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      const hint = cause.code === 'ENOENT' && exec.installHint ? ` ${exec.installHint.trim()}` : '';
      fail(`cannot be started: ${cause.message}.${hint}`, cause);
    });
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) return resolve(output);
      const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
      fail(`${how}${reason(complaints)}`);
    });
  });
}

/** What the plugin said, as the end of our sentence. Empty when it said nothing. */
function reason(complaints: string): string {
  return complaints.trim() === '' ? '' : `: ${complaints.trim()}`;
}
