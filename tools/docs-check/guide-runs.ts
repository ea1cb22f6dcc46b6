/** Where a command line of the guides is run, when the test of the guides does not run it itself. */
export interface RunElsewhere {
  /** File of the checkout: a test, a self-test that needs kind, or what CI calls. */
  file: string;
  /** What in it runs that command. */
  shows: string;
}

const CI = (shows: string): RunElsewhere => ({ file: '.ci/run', shows });
const STAGING = (shows: string): RunElsewhere => ({ file: 'tools/selftests/staging.ts', shows });
const CHOICE = (shows: string): RunElsewhere => ({ file: 'cli/backend-ai/choice.spec.ts', shows });
const HISTORY: RunElsewhere = {
  file: 'cli/history/keep-run.spec.ts',
  shows: 'is added, exported, imported and pruned by commands',
};
const GATE: RunElsewhere = {
  file: 'cli/history/run-gate.spec.ts',
  shows: 'judges runs of the history by a command',
};
const CLUSTER_HISTORY = (shows: string): RunElsewhere => ({
  file: 'cli/history/cluster-history.integration.ts',
  shows,
});
const MATRIX = (shows: string): RunElsewhere => ({ file: 'cli/commands/matrix.spec.ts', shows });
const BISECT = (file: string, shows: string): RunElsewhere => ({ file, shows });
const JOB = (shows: string): RunElsewhere => ({ file: 'cli/kind/kind-pipeline.spec.ts', shows });

/**
 * The lines that guides.integration.ts runs unchanged against a real API server, with the exit codes in EXIT_CODES. A line
 * that is neither here nor in a table below fails the spec, so that nothing starts by accident.
 */
export const RUN_HERE =
  /^(kubectl (get|wait|create|apply|describe|explain) |helm upgrade |make doctor$|\.\/e2e (run|list|show|logs|report(?! --from)|compare|flaky|rerun|cancel)\b|\.\/e2e staging .*--print-rights )/;

/** Command lines that need Docker, minutes, or the checkout itself, and where each is run. */
export const RUN_ELSEWHERE: Readonly<Record<string, RunElsewhere>> = {
  'make test': CI('make test'),
  'make lint': CI('make test'),
  'make e2e-kind': CI('make e2e-kind'),
  'make e2e-kind NO_SLOW=1': CI('make e2e-kind NO_SLOW='),
  './e2e up': JOB('keep'),
  'make e2e-kind REUSE=1 SUITES=storage-rename-folder': JOB('reuse'),
  'make e2e-kind REUSE=1 SUITES=storage-rename-folder GREP=finds every agent': JOB('reuse'),
  'make e2e-kind BACKENDAI=26.9.0 NO_SLOW=1': JOB('makes the images of the Backend.AI that is asked for'),
  'make e2e-kind BACKENDAI=../backend.ai/dist SUITES=session-lifecycle': CHOICE('is a folder of wheels'),
  'make e2e-kind BACKENDAI=../backend.ai REUSE=1 SUITES=session-lifecycle-create-session':
    CHOICE('is a checkout'),
  './e2e dev --backend-ai ../backend.ai --suites session-lifecycle-create-session': {
    file: 'cli/commands/dev.spec.ts',
    shows: 'runs at once and at every save',
  },
  'make e2e-matrix VERSIONS=26.8.3,26.9.0,26.9.6 SUITES=session-lifecycle': MATRIX(
    'has a column for each value',
  ),
  'make e2e-matrix VERSIONS=26.9.6,../backend.ai INFORMATIONAL=../backend.ai SUITES=storage NO_SLOW=1':
    MATRIX('marks the informational columns'),
  './e2e matrix --versions 26.9.6;manager=26.9.6,agent=26.9.0 --suites session-lifecycle --dry-run': MATRIX(
    'has a list by component as one column',
  ),
  'make e2e-kind BACKENDAI=26.8.3 UPGRADE_TO=26.9.6': JOB('makes the images to upgrade to as well'),
  './e2e kind --backend-ai 26.9.0 --upgrade-to ../backend.ai --dry-run': JOB(
    'makes the images to upgrade to as well',
  ),
  './e2e bisect --good 26.9.0 --bad 26.9.6 --suites journeys-admin-quota --grep deactivated user': BISECT(
    'cli/bisect/search.spec.ts',
    'ends with an answer and the trials behind it',
  ),
  './e2e bisect --good 26.9.6 --bad ../backend.ai --suites session-lifecycle-create-session --dry-run':
    BISECT('cli/bisect/bisection.spec.ts', 'goes on to the commits of a checkout'),
  './e2e bisect --good 26.9.6 --bad ../backend.ai --suites session-lifecycle-create-session --reuse': BISECT(
    'cli/bisect/history.spec.ts',
    'is searched on one database only',
  ),
  'git bisect start main 26.9.6': BISECT('cli/commands/bisect.spec.ts', 'ends git bisect for a wrong suite'),
  'git bisect run ../backendai-e2e/e2e bisect --trial . --suites session-lifecycle-create-session': BISECT(
    'cli/commands/bisect.spec.ts',
    'ends git bisect for a wrong suite',
  ),
  './e2e ui': { file: 'cli/ui/ui-server.spec.ts', shows: 'reports each change to the pages' },
  './e2e plan': { file: 'cli/report/plan-lines.spec.ts', shows: 'has a row for each suite, by environment' },
  './e2e history list': { file: 'cli/history/keep-run.spec.ts', shows: 'has a row in the list' },
  './e2e history add out/e2e': HISTORY,
  './e2e history import previous/out': {
    file: 'cli/history/keep-run.spec.ts',
    shows: 'comes from an earlier out folder too',
  },
  './e2e history pull': CLUSTER_HISTORY('has one record of each run'),
  './e2e history push': CLUSTER_HISTORY('takes the runs of a folder'),
  './e2e history export /mnt/ci/history --last 100': HISTORY,
  './e2e history prune --keep 500 --days 180': HISTORY,
  './e2e history gate': GATE,
  './e2e history gate nightly-29385972 --all': GATE,
  './e2e report --from out/e2e --otlp http://collector:4318': {
    file: 'cli/commands/report-trace.spec.ts',
    shows: 'sends the run in a folder to a collector',
  },
  'make images-push REGISTRY=registry.example/e2e': STAGING("'images-push'"),
  'make e2e-staging KUBECONFIG=staging.kubeconfig CONTEXT=staging DEPLOYMENT_NAMESPACE=backend-ai REGISTRY=registry.example/e2e':
    STAGING('is refused without rights'),
  'make e2e-staging KUBECONFIG=staging.kubeconfig CONTEXT=staging DEPLOYMENT_NAMESPACE=backend-ai REGISTRY=registry.example/e2e DRY_RUN=1':
    STAGING("'--dry-run'"),
  'make e2e-staging KUBECONFIG=staging.kubeconfig CONTEXT=staging DEPLOYMENT_NAMESPACE=backend-ai REGISTRY=registry.example/e2e SUITES=session-lifecycle':
    STAGING("'--suites', options.suites"),
  './e2e attach --kubeconfig staging.kubeconfig --context staging': STAGING("['attach'"),
  'make e2e-staging-selftest': {
    file: 'tools/selftests/staging-command.ts',
    shows: 'export function stagingSelftestCommand',
  },
  'make e2e-cron-selftest': {
    file: 'tools/selftests/cron-command.ts',
    shows: 'export function cronSelftestCommand',
  },
  'make catalog': { file: 'tools/catalog/suite-catalog.spec.ts', shows: 'generatedFiles()' },
  './e2e init suite storage/rename-folder': { file: 'cli/commands/init.spec.ts', shows: 'rename-folder' },
};

/** Exit codes of lines that do not end with 0. */
export const EXIT_CODES: Readonly<Record<string, readonly number[]>> = {
  // A suite broke between the two nights.
  './e2e compare nightly-29385972 nightly-29387412': [1],
  // A machine that lacks a tool gets 2.
  'make doctor': [0, 2],
};

/** Lines that only change the shell of the reader. */
export const OF_THE_SHELL: readonly string[] = ['export KUBECONFIG=out/e2e/kubeconfig', 'cd ../backend.ai'];
