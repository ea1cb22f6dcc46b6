/**
 * The walls of this repository: what each folder may import besides its own files. Every folder with sources has a row. The
 * rows go from the lowest floor to the highest, and a folder imports only rows above its own.
 *
 * An entry is a folder, with all folders in it. Of the folder above its own, a folder imports files only. Folders of another
 * workspace are imported by package name, and the package's `exports` limit them further. Specs and integration files may import
 * anything.
 *
 * `./tools/dev walls` writes these rows into biome.walls.json, and Biome enforces them.
 */

const SUITES = ['packages/api', 'packages/kube', 'packages/redaction', 'packages/results'];
const COMMAND = SUITES;
const OPERATOR = [...SUITES, 'packages/controller'];
/** A part of the page draws data of the model with the elements that all parts share. */
const PAGE_PART = ['packages/results', 'packages/page/model', 'packages/page/browser/elements'];
/** An area of suites imports nothing of another area. */
const AREA = [
  ...SUITES,
  ...['suites/evidence', 'suites/clients', 'suites/fixtures', 'suites/assertions', 'suites/chaos'],
];

/** Folder, and the folders that it may import. */
export type Wall = readonly [folder: string, imports: readonly string[]];

export const WALLS: readonly Wall[] = [
  // A program of an image build runs without this repository.
  ['images/node-runtime', []],

  // Packages. Types are made from schemas, and schemas from constants.
  ['packages/api/constants', []],
  ['packages/api/schemas', ['packages/api/constants']],
  ['packages/api', ['packages/api/constants', 'packages/api/schemas']],
  // The client is made of requests to an API server that an access leads to. They need the clock and the backoff beside it.
  ['packages/kube/objects', []],
  ['packages/kube/access', []],
  ['packages/kube/kubeconfig', ['packages/kube/objects', 'packages/kube/access']],
  [
    'packages/kube',
    ['packages/kube/objects', 'packages/kube/access', 'packages/kube/kubeconfig', 'packages/kube/requests'],
  ],
  ['packages/kube/requests', ['packages/kube/objects', 'packages/kube/access', 'packages/kube']],
  ['packages/redaction', []],
  ['packages/scheduling', []],
  // The controller runtime knows no kind of this project.
  ['packages/controller', ['packages/kube']],
  ['packages/results', ['packages/api']],
  ['packages/results/causes', ['packages/api', 'packages/results']],
  ['packages/results/reporters', ['packages/api', 'packages/results']],
  ['packages/results/history', ['packages/api', 'packages/results']],
  // The page of a run. Its model decides, its browser part draws, and the rest writes the file.
  ['packages/page/model/data', ['packages/api', 'packages/results']],
  ['packages/page/model/text', ['packages/api', 'packages/results']],
  ['packages/page/model/past', ['packages/api', 'packages/results', 'packages/page/model/data']],
  [
    'packages/page/model/timeline',
    [
      ...['packages/api', 'packages/results', 'packages/scheduling'],
      ...['packages/page/model/data', 'packages/page/model/text'],
    ],
  ],
  [
    'packages/page/model',
    [
      ...['packages/api', 'packages/results', 'packages/scheduling'],
      ...['packages/page/model/data', 'packages/page/model/text'],
      ...['packages/page/model/past', 'packages/page/model/timeline'],
    ],
  ],
  ['packages/page/browser/elements', ['packages/api']],
  ['packages/page/browser/state', ['packages/page/model']],
  ['packages/page/browser/past', [...PAGE_PART, 'packages/page/browser/state']],
  ['packages/page/browser/timeline', PAGE_PART],
  [
    'packages/page/browser/results',
    [
      ...PAGE_PART,
      ...['packages/page/browser/state', 'packages/page/browser/past', 'packages/page/browser/timeline'],
    ],
  ],
  ['packages/page/browser/verdict', [...PAGE_PART, 'packages/page/browser/past']],
  [
    'packages/page/browser',
    [
      'packages/page/model',
      ...['packages/page/browser/elements', 'packages/page/browser/state', 'packages/page/browser/past'],
      ...['packages/page/browser/timeline', 'packages/page/browser/results', 'packages/page/browser/verdict'],
    ],
  ],
  ['packages/page', ['packages/api', 'packages/results', 'packages/page/model']],

  // The operator.
  ['operator/attempts', OPERATOR],
  ['operator/observability', OPERATOR],
  ['operator/environments/helm', OPERATOR],
  ['operator/environments', [...OPERATOR, 'operator/environments/helm', 'operator/observability']],
  ['operator/faults', [...OPERATOR, 'operator/environments', 'operator/observability']],
  ['operator/artifacts/server', OPERATOR],
  [
    'operator/artifacts',
    [...OPERATOR, 'operator/artifacts/server', 'operator/attempts', 'operator/environments'],
  ],
  ['operator/reports', [...OPERATOR, 'operator/artifacts', 'operator/attempts', 'operator/environments']],
  [
    'operator/runs',
    [
      ...[...OPERATOR, 'packages/scheduling'],
      ...['operator/attempts', 'operator/environments', 'operator/observability', 'operator/reports'],
    ],
  ],
  ['operator/catalog', OPERATOR],
  ['operator/notifications', OPERATOR],
  ['operator/schedule', OPERATOR],
  [
    'operator',
    [
      ...OPERATOR,
      ...['operator/observability', 'operator/environments', 'operator/faults', 'operator/artifacts'],
      ...['operator/reports', 'operator/runs', 'operator/catalog', 'operator/notifications'],
    ],
  ],

  // The suites.
  ['suites/lists', []],
  ['suites/evidence', SUITES],
  ['suites/clients/http', [...SUITES, 'suites/evidence']],
  ['suites/clients/cluster', [...SUITES, 'suites/evidence', 'suites/clients/http']],
  ['suites/clients/data-stores', [...SUITES, 'suites/evidence', 'suites/clients/http']],
  [
    'suites/clients/manager',
    [...SUITES, 'suites/evidence', 'suites/clients/http', 'suites/clients/data-stores'],
  ],
  ['suites/clients/storage', [...SUITES, 'suites/evidence', 'suites/clients/http', 'suites/clients/manager']],
  [
    'suites/clients/web',
    [
      ...SUITES,
      ...['suites/evidence', 'suites/clients/http', 'suites/clients/data-stores', 'suites/clients/manager'],
    ],
  ],
  ['suites/clients', [...SUITES, 'suites/evidence']],
  ['suites/fixtures', [...SUITES, 'suites/evidence', 'suites/clients']],
  ['suites/fixtures/administration', [...SUITES, 'suites/evidence', 'suites/clients', 'suites/fixtures']],
  ['suites/fixtures/programs', [...SUITES, 'suites/evidence', 'suites/clients', 'suites/fixtures']],
  ['suites/assertions', [...SUITES, 'suites/evidence', 'suites/clients', 'suites/fixtures']],
  ['suites/chaos', [...SUITES, 'suites/evidence', 'suites/clients', 'suites/fixtures', 'suites/assertions']],
  ['suites/runner/fixtures', ['suites/evidence']],
  ['suites/runner/masking', SUITES],
  // The runner imports no client, so that a pod starts quickly.
  ['suites/runner', [...SUITES, 'suites/lists', 'suites/evidence', 'suites/runner/masking']],
  ['suites/api', AREA],
  ['suites/audit', AREA],
  ['suites/bench', AREA],
  ['suites/database', AREA],
  ['suites/external-services', AREA],
  ['suites/infrastructure', AREA],
  ['suites/journeys', AREA],
  ['suites/multi-component', AREA],
  ['suites/session-lifecycle', AREA],
  ['suites/storage', AREA],
  ['suites/upgrade', AREA],

  // The command.
  ['cli/machine', COMMAND],
  ['cli/terminal', COMMAND],
  ['cli/catalog', COMMAND],
  ['cli/backend-ai', [...COMMAND, 'cli/machine']],
  ['cli/images', [...COMMAND, 'cli/backend-ai', 'cli/machine', 'cli/images/checkout', 'cli/images/node']],
  ['cli/images/checkout', [...COMMAND, 'cli/backend-ai', 'cli/machine', 'cli/images']],
  ['cli/images/node', [...COMMAND, 'cli/machine', 'cli/images']],
  ['cli/cluster', [...COMMAND, 'cli/machine', 'cli/images']],
  ['cli/runs', [...COMMAND, 'cli/catalog', 'cli/terminal']],
  ['cli/collect', [...COMMAND, 'cli/machine', 'cli/runs', 'cli/terminal']],
  ['cli/history', [...COMMAND, 'cli/collect', 'cli/machine', 'cli/terminal']],
  [
    'cli/report',
    [
      ...[...COMMAND, 'packages/scheduling'],
      ...['cli/catalog', 'cli/collect', 'cli/machine', 'cli/runs', 'cli/terminal'],
    ],
  ],
  // The same tests on several Backend.AIs: decisions only, the commands start the jobs.
  ['cli/series', COMMAND],
  ['cli/traces', COMMAND],
  ['cli/matrix', [...COMMAND, 'cli/machine', 'cli/series']],
  ['cli/bisect', [...COMMAND, 'cli/backend-ai', 'cli/machine', 'cli/series']],
  [
    'cli/page',
    [
      ...['packages/page', 'packages/results'],
      ...['cli/catalog', 'cli/collect', 'cli/history', 'cli/machine', 'cli/report', 'cli/runs'],
    ],
  ],
  ['cli/ui', [...[...COMMAND, 'packages/page'], ...['cli/collect', 'cli/history', 'cli/report', 'cli/runs']]],
  ['cli/pipeline', [...COMMAND, 'cli/collect', 'cli/machine', 'cli/runs', 'cli/terminal']],
  [
    'cli/kind',
    [
      ...COMMAND,
      ...[
        'cli/backend-ai',
        'cli/cluster',
        'cli/collect',
        'cli/images',
        'cli/machine',
        'cli/pipeline',
        'cli/runs',
      ],
      'cli/terminal',
    ],
  ],
  [
    'cli/staging',
    [...COMMAND, ...['cli/collect', 'cli/images', 'cli/machine', 'cli/pipeline', 'cli/runs', 'cli/terminal']],
  ],
  [
    'cli/commands',
    [
      ...[...COMMAND, 'packages/scheduling'],
      ...['cli/backend-ai', 'cli/bisect', 'cli/catalog', 'cli/cluster', 'cli/collect', 'cli/history'],
      'cli/images',
      ...['cli/kind', 'cli/machine', 'cli/matrix', 'cli/page', 'cli/pipeline', 'cli/report', 'cli/runs'],
      ...['cli/series', 'cli/staging', 'cli/terminal', 'cli/traces', 'cli/ui'],
    ],
  ],
  ['cli/program', [...COMMAND, 'cli/commands', 'cli/kind', 'cli/terminal']],
  ['cli', ['cli/program']],

  // The tools of the developers.
  ['tools/walls', []],
  ['tools/crds', ['packages/api']],
  ['tools/catalog', ['packages/api', 'cli']],
  ['tools/dev-operator', ['packages/api', 'packages/kube', 'cli']],
  ['tools/release', ['packages/api', 'cli']],
  ['tools/envtest/waits', []],
  ['tools/envtest/processes', ['tools/envtest/waits']],
  [
    'tools/envtest/control-plane',
    ['packages/kube', 'tools/crds', 'tools/envtest/processes', 'tools/envtest/waits'],
  ],
  ['tools/envtest/proxies', ['packages/kube', 'tools/envtest/control-plane']],
  [
    'tools/envtest/doubles',
    [
      ...['packages/api', 'packages/kube', 'packages/controller'],
      ...['tools/envtest/control-plane', 'tools/envtest/waits'],
    ],
  ],
  [
    'tools/envtest/operator',
    [
      ...['packages/api', 'packages/kube', 'operator'],
      ...['tools/envtest/control-plane', 'tools/envtest/doubles', 'tools/envtest/processes'],
      ...['tools/envtest/proxies', 'tools/envtest/waits'],
    ],
  ],
  [
    'tools/envtest/servers',
    [
      ...['packages/api', 'packages/kube', 'operator'],
      ...['tools/envtest/doubles', 'tools/envtest/operator', 'tools/envtest/processes'],
      'tools/envtest/waits',
    ],
  ],
  ['tools/charts/rendering', ['tools/envtest/processes']],
  ['tools/charts/e2e-operator/monitoring', []],
  ['tools/charts/e2e-operator/network', ['tools/charts/rendering']],
  ['tools/charts/e2e-operator/schedule', []],
  ['tools/charts/rights', ['operator', 'tools/charts/rendering']],
  ['tools/charts/reference', []],
  ['tools/docs-check', ['packages/api', 'cli', 'tools/envtest']],
  ['tools/bench', ['packages/api', 'packages/kube', 'operator', 'cli', 'tools/crds', 'tools/envtest']],
  ['tools/fuzz', ['packages/api', 'packages/kube', 'packages/controller', 'tools/envtest']],
  ['tools/mutation', ['cli']],
  ['tools/recording', ['packages/api', 'packages/results', 'cli']],
  ['tools/soak', ['packages/api', 'packages/kube', 'tools/envtest']],
  [
    'tools/selftests',
    ['packages/api', 'packages/kube', 'packages/results', 'cli', 'tools/envtest', 'suites/lists'],
  ],
  [
    'tools/defects',
    ['packages/api', 'packages/kube', 'packages/results', 'cli', 'suites/lists', 'tools/selftests'],
  ],
  ['tools/page-browser', ['packages/api', 'packages/results', 'cli', 'tools/defects']],
  ['tools/sources', ['packages/api', 'packages/results', 'cli', 'tools/defects', 'tools/selftests']],
  ['tools/enforcement', ['packages/api', 'cli', 'tools/charts/e2e-operator/network', 'tools/selftests']],
  ['tools/backtest', ['packages/api', 'packages/results', 'cli', 'suites/lists']],
  [
    'tools/program',
    [
      ...['packages/api', 'packages/results', 'cli'],
      ...['tools/backtest', 'tools/bench', 'tools/catalog', 'tools/defects', 'tools/dev-operator'],
      ...['tools/fuzz', 'tools/mutation', 'tools/soak'],
      ...['tools/page-browser', 'tools/recording', 'tools/release'],
      ...['tools/enforcement', 'tools/selftests', 'tools/sources', 'tools/walls'],
    ],
  ],
  ['tools', ['packages/api', 'cli', 'tools/program']],
];
