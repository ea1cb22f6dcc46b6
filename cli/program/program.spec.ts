import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CommanderError } from 'commander';
import { completionScript, wordsOf } from '../commands/completion-script.ts';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { createProgram } from './program.ts';

const run = promisify(execFile);
const NODE = process.execPath;
const MAIN = path.join(PROJECT_ROOT, 'cli/main.ts');
const program = createProgram(
  async () => {},
  (error) => {
    throw error;
  },
);

/** Exit code and outputs of the command in a process of its own. */
async function e2e(args: string[], env: Record<string, string> = {}) {
  const options = { env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env } };
  try {
    return { code: 0, ...(await run(NODE, [MAIN, ...args], options)) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

describe('the command', () => {
  it('has every command that the guides name, each with a description', () => {
    const names = program.commands.map((command) => command.name());
    expect(names).to.include.members(
      'kind up down doctor run watch cancel rerun list show logs report flaky compare suites init completion'.split(
        ' ',
      ),
    );
    for (const command of program.commands) expect(command.description(), command.name()).not.to.equal('');
  });

  it('prints help for each command and succeeds', () => {
    for (const command of program.commands) {
      command.configureOutput({ writeOut: () => {} });
      expect(() => command.parse(['--help'], { from: 'user' }), command.name()).to.throw(
        CommanderError,
        'outputHelp',
      );
    }
  });

  it('ends with 2 for a wrong command line, and suggests a correction', async () => {
    const unknown = await e2e(['lst']);
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.contain('Did you mean list?');
    const option = await e2e(['list', '--limit', 'many']);
    expect(option.code).to.equal(2);
    expect(option.stderr).to.contain('whole number');
    expect((await e2e(['list', '-o', 'junit'])).code).to.equal(2);
  });

  it('reports a missing or silent cluster in one sentence', async () => {
    const missing = await e2e(['list', '--kubeconfig', '/nonexistent/config']);
    expect(missing).to.deep.include({ code: 2, stdout: '' });
    expect(missing.stderr)
      .to.match(/^e2e: .*\/nonexistent\/config/)
      .and.not.contain('    at ');
    const listed = await e2e(['list'], { KUBECONFIG: '/nonexistent/a:/nonexistent/b' });
    expect(listed.stderr).to.contain('/nonexistent/a, /nonexistent/b').and.contain('what to do');
  });

  it('uses its defaults where make passes empty variables', async () => {
    const empty = {
      E2E_TIMEOUT: '',
      E2E_PARALLELISM: '',
      E2E_SUITES: '',
      E2E_GREP: '',
      E2E_ENVIRONMENTS: '',
    };
    const { code, stdout } = await e2e(['kind', '--dry-run'], empty);
    expect(code).to.equal(0);
    expect(stdout).to.contain('seconds for the run: 3600\n');
  });

  it('gives the suites as JSON and YAML', async () => {
    const { stdout } = await e2e(['suites', '-o', 'json']);
    expect(JSON.parse(stdout)).to.be.an('array').with.lengthOf.above(5);
  });

  it('is a plugin of kubectl through a link from anywhere', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'e2e-plugin-'));
    try {
      symlinkSync(path.join(PROJECT_ROOT, 'kubectl-e2e'), path.join(folder, 'kubectl-e2e'));
      const { stdout } = await run(path.join(folder, 'kubectl-e2e'), ['--help']);
      expect(stdout).to.contain('Usage: kubectl e2e ');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends quietly when the reader closes the output', async () => {
    const child = spawn(NODE, [MAIN, 'suites', '-o', 'yaml'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += String(data);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).to.equal(141);
    expect(errors).to.equal('');
  });
});

describe('shell completion', () => {
  const words = wordsOf(program, ['storage', 'storage-file-upload']);

  /** What bash offers after these words. */
  async function offered(line: string[]): Promise<string[]> {
    const script = `${completionScript(words, 'bash')}
      COMP_WORDS=(e2e "$@"); COMP_CWORD=$#; _e2e; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run('bash', ['-c', script, 'bash', ...line]);
    return stdout.trim().split('\n');
  }

  it('offers commands, options, choices and suites in bash', async () => {
    expect(await offered(['co'])).to.include.members(['compare', 'completion']);
    expect(await offered(['rerun', '--fa'])).to.deep.equal(['--failed']);
    expect(await offered(['show', '-o', 'j'])).to.deep.equal(['json', 'junit']);
    expect(await offered(['run', '--suites', 'storage-'])).to.deep.equal(['storage-file-upload']);
    expect(await offered(['history', 'pr'])).to.deep.equal(['prune']);
    expect(await offered(['init', 'su'])).to.deep.equal(['suite']);
  });

  it('offers every command in zsh and fish', () => {
    for (const shell of ['zsh', 'fish'] as const) {
      const script = completionScript(words, shell);
      for (const { name } of words) expect(script, `${shell}: ${name}`).to.contain(name);
    }
  });

  it('omits hidden commands and options', () => {
    expect(completionScript(words, 'fish')).not.to.contain('exit-code-to').and.not.to.contain('-a count');
  });
});
