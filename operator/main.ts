import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { OPERATOR_NAME, OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';
import { createLog } from '@backendai-e2e/controller/log';
import { stopSignal } from '@backendai-e2e/controller/manager';
import { findCluster } from '@backendai-e2e/kube/find-cluster';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ArtifactServerAccess } from './artifacts/server-client.ts';
import { createOperator } from './operator.ts';
import type { OperatorOptions } from './options.ts';

/** The file in which a pod finds its namespace. */
const NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

interface Options {
  kubeconfig?: string;
  namespace: string;
  watchNamespace: string[];
  chartsDir: string;
  helm: string;
  catalog?: string;
  environmentRole?: string;
  suitePods?: OperatorOptions['suitePods'];
  runsPerUser?: number;
  environmentImage: string[];
  environmentPrivilegedImage: string[];
  environmentHostPath: string[];
  serviceAccount: string;
  faultImage?: string;
  notificationSecret?: string;
  artifactsService?: string;
  artifactsUrl?: string;
  artifactsTokenFile?: string;
  leaderElect: boolean;
  metricsPort: number;
  logLevel: string;
}

function ownNamespace(): string {
  try {
    return readFileSync(NAMESPACE_FILE, 'utf8').trim();
  } catch {
    // Not in a pod: use the project's default namespace.
    return OPERATOR_NAMESPACE;
  }
}

/** Settings of the chart: fields of a pod, which the API server checks with each Job. */
function podSettings(text: string): OperatorOptions['suitePods'] {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`it is not JSON: ${error instanceof Error ? error.message : error}.`);
  }
}

function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('it is a whole number from 1.');
  return number;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new InvalidArgumentError('a TCP port is a whole number from 0 (any free port) to 65535.');
  }
  return port;
}

const command = new Command(OPERATOR_NAME)
  .description('Deploys Backend.AI environments and runs end-to-end suites in them.')
  .addOption(
    new Option('--kubeconfig <file>', 'kubeconfig file. Default: the service account of the pod').env(
      'E2E_OPERATOR_KUBECONFIG',
    ),
  )
  .addOption(
    new Option('--namespace <name>', "the operator's own namespace, whose objects it reconciles")
      .default(ownNamespace(), "the pod's own, else backendai-e2e")
      .env('E2E_OPERATOR_NAMESPACE'),
  )
  .addOption(
    new Option(
      '--watch-namespace <name...>',
      'namespaces whose objects the operator reconciles instead, with rights in no other. It then deploys no environments',
    ).default([], 'none'),
  )
  .addOption(
    new Option('--charts-dir <folder>', 'folder that contains one folder per Helm chart')
      .default('/charts')
      .env('E2E_OPERATOR_CHARTS_DIR'),
  )
  .addOption(new Option('--helm <path>', 'helm binary').default('helm').env('E2E_OPERATOR_HELM'))
  .addOption(
    new Option('--catalog <file>', 'YAML list of suites to store as TestSuites. Default: none').env(
      'E2E_OPERATOR_CATALOG',
    ),
  )
  .addOption(
    new Option(
      '--environment-role <name>',
      "ClusterRole that the operator binds to itself in each environment's namespace. Default: no binding",
    ).env('E2E_OPERATOR_ENVIRONMENT_ROLE'),
  )
  .addOption(
    new Option(
      '--suite-pods <json>',
      'fields that are added to the pods of suites: labels, annotations, nodeSelector, tolerations, affinity, priorityClassName. Default: none',
    ).argParser(podSettings),
  )
  .addOption(
    new Option(
      '--runs-per-user <count>',
      'started runs that a user may have at once in a namespace. Default: any number',
    ).argParser(count),
  )
  .addOption(
    new Option(
      '--environment-image <path...>',
      'where images of environments may come from: an image, a path above it, or "." for images without a path. Default: anywhere',
    ).default([], 'anywhere'),
  )
  .addOption(
    new Option(
      '--environment-privileged-image <path...>',
      'those of these images that may run privileged',
    ).default([], 'all of them'),
  )
  .addOption(
    new Option(
      '--environment-host-path <folder...>',
      'folders of nodes that pods of environments may mount, with all below',
    ).default([], 'none'),
  )
  .addOption(
    new Option('--service-account <name>', 'service account of the operator, for that binding')
      .default(OPERATOR_NAME)
      .env('E2E_OPERATOR_SERVICE_ACCOUNT'),
  )
  .addOption(
    new Option(
      '--fault-image <image>',
      'image with the tools of faults that act inside pods. Without it such faults are refused',
    ).env('E2E_OPERATOR_FAULT_IMAGE'),
  )
  .addOption(
    new Option(
      '--notification-secret <name>',
      'Secret with the webhook for notifications when suites break, work again or are flaky. Default: no notifications',
    ).env('E2E_OPERATOR_NOTIFICATION_SECRET'),
  )
  .addOption(
    new Option(
      '--artifacts-service <namespace/name:port>',
      'Service of the artifact server, for the proxy of the API server. Without it artifacts are stored in ConfigMaps',
    ).env('E2E_OPERATOR_ARTIFACTS_SERVICE'),
  )
  .addOption(
    new Option('--artifacts-url <url>', 'URL at which the operator itself reaches the artifact server').env(
      'E2E_OPERATOR_ARTIFACTS_URL',
    ),
  )
  .addOption(
    new Option('--artifacts-token-file <file>', 'file with the token of the artifact server').env(
      'E2E_OPERATOR_ARTIFACTS_TOKEN_FILE',
    ),
  )
  .addOption(
    new Option('--leader-elect', 'act only while this process holds the Lease backendai-e2e-operator')
      .default(false)
      .env('E2E_OPERATOR_LEADER_ELECT'),
  )
  .addOption(
    new Option('--metrics-port <port>', 'port of /metrics, /healthz and /readyz')
      .default(8080)
      .argParser(portNumber)
      .env('E2E_OPERATOR_METRICS_PORT'),
  )
  .addOption(
    new Option('--log-level <level>', 'lowest level of log lines')
      .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info')
      .env('E2E_OPERATOR_LOG_LEVEL'),
  );

/** Access to the artifact server, if one is configured. Throws when an option is missing. */
function artifactServerOf({
  artifactsService,
  artifactsUrl,
  artifactsTokenFile,
}: Options): ArtifactServerAccess | undefined {
  if (!artifactsService) return undefined;
  if (!artifactsUrl || !artifactsTokenFile) {
    throw new Error('--artifacts-service needs --artifacts-url and --artifacts-token-file');
  }
  // Read at each use: the Secret behind the file may change.
  const token = () => readFileSync(artifactsTokenFile, 'utf8').trim();
  return { service: artifactsService, url: artifactsUrl, token };
}

const options = command.parse().opts<Options>();
const log = createLog({ name: OPERATOR_NAME, level: options.logLevel });
try {
  const operator = createOperator({
    kubeConfig: await findCluster(options.kubeconfig),
    kubeconfigPath: options.kubeconfig,
    namespace: options.namespace,
    watchNamespaces: options.watchNamespace,
    chartsDir: options.chartsDir,
    helm: options.helm,
    catalog: options.catalog,
    faultImage: options.faultImage || undefined,
    notificationSecret: options.notificationSecret || undefined,
    artifactServer: artifactServerOf(options),
    suitePods: options.suitePods,
    runsPerUser: options.runsPerUser,
    environmentLimits: {
      images: options.environmentImage,
      privilegedImages: options.environmentPrivilegedImage,
      hostPaths: options.environmentHostPath,
    },
    identity: options.environmentRole
      ? {
          namespace: options.namespace,
          serviceAccount: options.serviceAccount,
          environmentRole: options.environmentRole,
        }
      : undefined,
    electionIdentity: options.leaderElect ? `${hostname()}_${randomUUID()}` : undefined,
    port: options.metricsPort,
    log,
  });
  const end = await operator.run(stopSignal(log));
  process.exitCode = end === 'stopped' ? 0 : 1;
  // A process that lost the lease must not act any further: exit with work still running.
  if (end === 'lost-leadership') process.exit(1);
} catch (error) {
  log.fatal({ err: error }, 'the operator failed');
  process.exitCode = 1;
}
