import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { type RanFiles, ranAt } from './coverage.ts';
import { mutantsOf } from './mutants.ts';
import { Trials } from './trial.ts';

/** A project with one file and two specs of it: one that asserts, and one that only calls. */
const SOURCE = `export function check(value) {
  if (value > 10) throw new Error('too large');
  return value;
}
`;
const ASSERTS = `import assert from 'node:assert';
import { check } from './check.ts';
describe('check', () => {
  it('refuses', () => { assert.throws(() => check(11)); assert.equal(check(10), 10); });
});
`;
const CALLS = `import { check } from './check.ts';
describe('check', () => { it('is called', () => { check(1); }); });
`;
const FAILS = `describe('fails', () => { it('always', () => { throw new Error('no'); }); });
`;

describe('a trial of a mutant', function () {
  this.timeout(60_000);
  let root = '';
  let trials: Trials;

  before(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'e2e-mutants-')));
    mkdirSync(path.join(root, 'src'));
    writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
    writeFileSync(path.join(root, 'src/check.ts'), SOURCE);
    writeFileSync(path.join(root, 'src/asserts.spec.ts'), ASSERTS);
    writeFileSync(path.join(root, 'src/calls.spec.ts'), CALLS);
    writeFileSync(path.join(root, 'src/fails.spec.ts'), FAILS);
    trials = new Trials(root, 'src');
  });
  after(() => {
    trials.stop();
    rmSync(root, { recursive: true });
  });

  const mutant = (operator: string, line: number) => {
    const found = mutantsOf('src/check.ts', SOURCE).find(
      (each) => each.operator === operator && each.line === line,
    );
    if (!found) throw new Error(`no mutant ${operator} in line ${line}`);
    return found;
  };

  it('begins with what each spec runs of the unchanged code', async () => {
    const error = SOURCE.indexOf('throw');
    const at = (ran: RanFiles) => [ranAt(ran['src/check.ts'], 0), ranAt(ran['src/check.ts'], error)];
    expect(at(await trials.watch('src/asserts.spec.ts'))).to.deep.equal([true, true]);
    expect(at(await trials.watch('src/calls.spec.ts'))).to.deep.equal([true, false]);
  });

  it('needs specs that pass without a change', async () => {
    const error = await trials.watch('src/fails.spec.ts').catch((thrown: unknown) => String(thrown));
    expect(error).to.equal('Error: src/fails.spec.ts fails without a change: fails › always');
  });

  for (const [operator, line] of [
    ['condition false', 2],
    ['no error', 2],
    ['comparison', 2],
    ['no result', 3],
  ] as const) {
    it(`sees who notices "${operator}": a spec that asserts, and not one that only calls`, async () => {
      expect(await trials.ask(['src/asserts.spec.ts'], mutant(operator, line))).to.equal('check › refuses');
      expect(await trials.ask(['src/calls.spec.ts'], mutant(operator, line))).to.equal(undefined);
    });
  }

  it('goes on in a new process when one ended', async () => {
    const exits = {
      file: 'src/check.ts',
      line: 1,
      operator: 'x',
      start: 0,
      end: 0,
      text: 'process.exit(3);',
    };
    expect(await trials.ask(['src/calls.spec.ts'], exits)).to.equal('the process ended');
    expect(await trials.watch('src/calls.spec.ts')).to.have.property('src/check.ts');
  });
});
