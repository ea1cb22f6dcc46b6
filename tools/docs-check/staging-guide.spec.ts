import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { createProgram } from '@backendai-e2e/cli/program/program';
import { STAGING } from '@backendai-e2e/cli/staging/names';
import { adminCommands, questionsFor } from '@backendai-e2e/cli/staging/preflight';
import { SERVED } from '@backendai-e2e/cli/staging/rights';
import { expect } from 'chai';
import { parse } from 'yaml';

const guide = readFileSync(path.join(PROJECT_ROOT, 'docs/guides/staging.md'), 'utf8');
const makefile = readFileSync(path.join(PROJECT_ROOT, 'Makefile'), 'utf8');

/** The fenced blocks of a language, as lines. */
function blocks(language: string): string[][] {
  return [...guide.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text = '']) =>
    text.trim().split('\n'),
  );
}
const lines = blocks('sh').flat();

describe('the guide of staging', () => {
  it('lists the same administrator commands as the command prints', () => {
    const namespaces = { deployment: 'backend-ai', test: STAGING.testNamespace };
    const nothing = {
      user: 'release-engineer',
      missingKinds: [...SERVED.plurals],
      namespace: 'absent' as const,
      missing: questionsFor(namespaces),
    };
    expect(blocks('sh')[1]).to.deep.equal(adminCommands(nothing, namespaces));
  });

  it('gives only make goals and variables that exist', () => {
    const makes = lines.filter((line) => line.startsWith('make '));
    expect(makes.length).to.be.greaterThan(3);
    for (const line of makes) {
      const [, goal = '', ...variables] = line.split(' ');
      expect(makefile, line).to.match(new RegExp(`^${goal}:`, 'm'));
      for (const variable of variables) expect(makefile, line).to.include(`$(${variable.split('=')[0]})`);
    }
    const table = [...guide.matchAll(/^\| (`[A-Z_=1`, ]+) \|/gm)].flatMap(
      ([, cell = '']) => cell.match(/[A-Z_]{3,}/g) ?? [],
    );
    expect(table).to.include.members(['KUBECONFIG', 'PULL_SECRET', 'PATIENCE', 'DRY_RUN']);
    for (const variable of table) expect(makefile, variable).to.include(`$(${variable})`);
  });

  it('gives only commands and options that exist', () => {
    const program = createProgram(
      async () => {},
      (error) => {
        throw error;
      },
    );
    for (const command of program.commands) command.action(() => {});
    const calls = lines.flatMap((line) => line.match(/\.\/e2e [^|]+/g) ?? []);
    expect(calls.length).to.be.greaterThan(1);
    for (const call of calls) {
      expect(() => program.parse(call.trim().split(/\s+/).slice(1), { from: 'user' }), call).not.to.throw();
    }
  });

  it('shows a connection file with the right keys', () => {
    const [yaml = [], values = []] = blocks('yaml');
    const file = readFileSync(path.join(PROJECT_ROOT, 'docs/guides/staging-values.yaml'), 'utf8');
    expect(values).to.deep.equal(file.trim().split('\n'));
    expect(parse(yaml.join('\n'))).to.have.keys('manager', 'webserver', 'domain', 'project', 'scalingGroup');
  });
});
