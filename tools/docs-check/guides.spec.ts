import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { KINDS } from '@backendai-e2e/api/group';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { createProgram } from '@backendai-e2e/cli/program/program';
import { expect } from 'chai';
import { execa } from 'execa';
import { parse } from 'yaml';
import { helmPath } from '../envtest/processes/pinned-tools.ts';
import { contributorCommands, guideCommands, guides } from './guide-lines.ts';
import { commandsOf, type ShellLine } from './shell-lines.ts';

const MAKEFILE = readFileSync(path.join(PROJECT_ROOT, 'Makefile'), 'utf8');
const TARGETS = new Set([...MAKEFILE.matchAll(/^([a-z0-9-]+):/gm)].map(([, name]) => name));
const DEVELOPER_COMMANDS = new Set(
  [
    ...readFileSync(path.join(PROJECT_ROOT, 'tools/program/developer-commands.ts'), 'utf8').matchAll(
      /\.command\('([a-z-]+)/g,
    ),
  ].map(([, name]) => name),
);
const VARIABLES = new Set([...MAKEFILE.matchAll(/\$\(([A-Z_]+)\)/g)].map(([, name]) => name));
const OURS = Object.values(KINDS).flatMap(({ plural, singular, shortNames }) => [
  plural,
  singular,
  ...shortNames,
]);
/** Kinds of Kubernetes that the guides name, and the category of ours. */
const BUILTIN =
  'e2e all cronjob job pod pods secret secrets namespace namespaces event events lease leases configmap configmaps deployment deployments svc service services nodes jobs cronjobs'.split(
    ' ',
  );
const VERBS =
  'get wait apply create delete describe logs explain annotate label port-forward patch exec rollout auth cluster-info config scale'.split(
    ' ',
  );

/** Why a command line of the guides would not work; undefined where it would. */
async function troubleWith({ words }: ShellLine): Promise<string | undefined> {
  const [first = '', ...rest] = words;
  if (['./e2e', 'e2e'].includes(first)) return parsedBy(rest);
  if (first === 'kubectl' && rest[0] === 'e2e') return parsedBy(rest.slice(1));
  if (first === './tools/dev') return developedBy(rest);
  if (first === 'make') return madeBy(rest);
  if (first === 'kubectl') return askedOf(rest);
  if (first === 'helm') return rendered(rest);
  if (
    [
      'export',
      'source',
      'ln',
      'cd',
      'git',
      'docker',
      'curl',
      'node',
      'npm',
      'npx',
      'jq',
      'cat',
      'echo',
    ].includes(first)
  ) {
    return undefined;
  }
  return `the command ${first} is unknown`;
}

/** Parses with the real options and arguments, and does nothing. */
function parsedBy(args: string[]): string | undefined {
  const program = createProgram(
    async () => {},
    (error) => {
      throw error;
    },
  );
  for (const command of program.commands.flatMap((each) => [each, ...each.commands]))
    if (command.commands.length === 0)
      command.action(() => {}).configureOutput({ writeErr: () => {}, writeOut: () => {} });
  program.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    program.parse(args, { from: 'user' });
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error && error.exitCode === 0) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Only the name of the command is checked: the linter keeps this folder from importing tools/program. */
function developedBy([name = '']: readonly string[]): string | undefined {
  return DEVELOPER_COMMANDS.has(name) ? undefined : `tools/dev has no command ${name}`;
}

function madeBy(args: readonly string[]): string | undefined {
  for (const arg of args) {
    const [name = '', value] = arg.split('=', 2);
    if (value === undefined ? !TARGETS.has(name) : !VARIABLES.has(name) && name !== 'E2E_CACHE_DIR') {
      return `make has no ${value === undefined ? 'target' : 'variable'} ${name}`;
    }
  }
  return undefined;
}

function askedOf(args: readonly string[]): string | undefined {
  const verb = args.find((arg) => VERBS.includes(arg));
  if (!verb) return `kubectl has no verb in "${args.join(' ')}"`;
  const file = args[args.findIndex((arg) => ['-f', '--filename'].includes(arg)) + 1];
  if (args.includes('-f') && file !== '-' && !existsSync(path.join(PROJECT_ROOT, file ?? ''))) {
    return `there is no file ${file}`;
  }
  if (!['get', 'describe', 'delete', 'explain'].includes(verb) || args.includes('-f')) return undefined;
  const what = (args[args.indexOf(verb) + 1] ?? '').split('/')[0] ?? '';
  const unknown = what
    .split(',')
    .map((kind) => kind.split('.')[0] ?? '')
    .filter((kind) => ![...OURS, ...BUILTIN].includes(kind));
  return unknown.length > 0 ? `kubectl knows no ${unknown.join(', ')}` : undefined;
}

/** Renders the chart with the values that the command gives: keys that the schema refuses are found. */
async function rendered(args: readonly string[]): Promise<string | undefined> {
  const chart = args.find((arg) => arg.startsWith('charts/'));
  if (!chart)
    return ['test', 'get', 'uninstall', 'list', 'status'].includes(args[0] ?? '') || args.includes('get')
      ? undefined
      : `helm gets no chart in "${args.join(' ')}"`;
  const values = args.flatMap((arg, index) =>
    ['--set', '--values', '-f'].includes(arg) ? [arg, args[index + 1] ?? ''] : [],
  );
  const images = chart.endsWith('e2e-operator') ? ['--set', 'image=x:1,suitesImage=x:1'] : [];
  const { exitCode, stderr } = await execa(helmPath(), ['template', 'x', chart, ...images, ...values], {
    cwd: PROJECT_ROOT,
    reject: false,
  });
  return exitCode === 0 ? undefined : stderr;
}

describe('the guides', function () {
  this.timeout(60_000);

  it('give only commands, options, targets, variables, values and files that exist', async () => {
    const lines = [...(await guideCommands()), ...contributorCommands()];
    expect(lines.length).to.be.greaterThan(25);
    const troubles: string[] = [];
    for (const line of lines) {
      const trouble = await troubleWith(line);
      if (trouble) troubles.push(`${line.file}:${line.line} ${line.words.join(' ')}: ${trouble}`);
    }
    expect(troubles).to.deep.equal([]);
  });

  it('link only to files that exist', async () => {
    const dead = (await guides()).flatMap(({ file, text }) =>
      // A pattern between back quotes may look like a link.
      [...text.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)#:\s[]+)(#[^)]*)?\)/g)]
        .map(([, target]) => target ?? '')
        .filter((target) => !existsSync(path.join(PROJECT_ROOT, path.dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );
    expect(dead).to.deep.equal([]);
  });

  it('show values that the chart accepts', async () => {
    for (const file of ['nightly-values.yaml', 'staging-values.yaml']) {
      const values = ['--values', `docs/guides/${file}`];
      expect(await rendered(['charts/e2e-operator', ...values]), file).to.equal(undefined);
    }
  });

  it('report a wrong line', async () => {
    const wrong = [
      './e2e run --suit storage',
      './e2e sow',
      './tools/dev tst',
      'make e2e-kid',
      'make e2e-kind SUIT=x',
      'kubectl get testrunners',
      'kubectl apply -f nowhere.yaml',
      'helm upgrade x charts/e2e-operator --set schedule.cronn=1',
    ];
    for (const text of wrong) {
      const [words = []] = commandsOf(text);
      expect(await troubleWith({ file: '', line: 1, text: '', words }), text).to.be.a('string');
    }
  });
});

interface Step {
  run?: string;
  uses?: string;
  if?: string;
  with?: Record<string, unknown>;
}

describe('the files for CI', () => {
  const read = (name: string): unknown =>
    parse(readFileSync(path.join(PROJECT_ROOT, 'docs/guides/ci', name), 'utf8'));

  async function checkScript(script: string): Promise<void> {
    for (const words of script.split('\n').flatMap(commandsOf)) {
      expect(await troubleWith({ file: '', line: 1, text: '', words }), words.join(' ')).to.equal(undefined);
    }
  }

  it('GitHub: steps are versioned actions or existing commands, and no script contains input of a caller', async () => {
    const workflow = read('github-actions.yaml') as {
      on: Record<string, unknown>;
      permissions: Record<string, string>;
      jobs: Record<string, { 'runs-on': string; 'timeout-minutes': number; steps: Step[] }>;
    };
    expect(Object.keys(workflow.on)).to.include.members(['pull_request', 'schedule', 'workflow_dispatch']);
    expect(workflow.permissions).to.deep.equal({ contents: 'read' });
    for (const job of Object.values(workflow.jobs)) {
      expect(job['runs-on']).to.match(/^ubuntu-/);
      expect(job['timeout-minutes']).to.be.within(30, 360);
      for (const step of job.steps) {
        expect([step.run, step.uses].filter((one) => one !== undefined)).to.have.length(1);
        if (step.uses) expect(step.uses).to.match(/^[\w-]+\/[\w-]+@v\d+$/);
        if (step.run) {
          expect(step.run).not.to.contain('${{');
          await checkScript(step.run);
        }
      }
      const upload = job.steps.find((step) => step.uses?.startsWith('actions/upload-artifact'));
      expect(upload).to.deep.include({ if: 'always()' });
      expect(upload?.with?.path).to.equal('out/e2e');
    }
  });

  it('GitLab: jobs belong to stages, run existing commands, and always upload their JUnit file', async () => {
    const { stages, ...jobs } = read('gitlab-ci.yaml') as { stages: string[] } & Record<string, unknown>;
    for (const job of Object.values(jobs) as {
      stage: string;
      script: string[];
      artifacts: { when: string; reports: { junit: string } };
    }[]) {
      expect(stages).to.include(job.stage);
      await checkScript(job.script.join('\n'));
      expect(job.artifacts.when).to.equal('always');
      expect(job.artifacts.reports.junit).to.equal('out/e2e/junit.xml');
    }
  });
});
