import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exitOf, suiteFileOf, type Tried, tryFile } from './try.ts';

/** Samples of suites/runner/fixtures through the real runner. */
describe('a suite file that runs without a cluster', function () {
  this.timeout(60_000);
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'try-spec-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const tried = async (sample: string, env: Record<string, string> = {}): Promise<Tried> => {
    const result = await tryFile(`runner/fixtures/${sample}`, env);
    expect(result.disagreements, result.output).to.deep.equal([]);
    expect(result.status.final, result.output).to.equal(true);
    return result;
  };
  const withPassword = (password: string): Record<string, string> => {
    const file = join(folder, 'connection.json');
    writeFileSync(file, JSON.stringify({ version: '1', postgres: { password } }));
    return { E2E_CONNECTION: file };
  };
  const states = ({ status }: Tried) => (status.tests ?? []).map((test) => test.state);
  const errors = ({ status }: Tried) => (status.tests ?? []).map((test) => test.error ?? '');

  it('fails for a callback that is called twice', async () => {
    const result = await tried('done-twice');
    expect(states(result)).to.deep.equal(['failed', 'failed', 'passed']);
    expect(errors(result)[0]).to.include('the second answer was wrong');
    expect(errors(result)[1]).to.include('done() called multiple times');
    expect([result.status.verdict, exitOf(result)]).to.deep.equal(['Failed', 1]);
    expect(result.output).to.include('✘ done twice › with an error');
  });

  it('fails for an error that is thrown after the callback', async () => {
    const result = await tried('throws-late');
    expect(states(result)).to.deep.equal(['failed', 'passed', 'failed', 'passed', 'failed']);
    expect(errors(result)[0]).to.include('the answer came, and then this').and.not.include('late-throws');
    expect(errors(result)[4]).to.include('the hook broke late');
  });

  for (const milliseconds of ['0', '10', '100']) {
    it(`fails for an error ${milliseconds} ms after the last test, and masks it`, async () => {
      const result = await tried('after-end', {
        ...withPassword('Correct-Horse-7f3a'),
        E2E_ROUNDS: milliseconds,
      });
      expect([result.status.verdict, exitOf(result)]).to.deep.equal(['Failed', 1]);
      expect(errors(result).join()).to.include('too late: •••');
      expect(result.output + JSON.stringify(result.status)).not.to.include('7f3a');
    });
  }

  it('is what its tests say, whatever they print or capture', async () => {
    const result = await tried('talks');
    expect([result.status.verdict, exitOf(result)]).to.deep.equal(['Passed', 0]);
    expect(result.output)
      .to.include('...\n✔ talks › prints dots')
      .and.include('✔ captures › what is printed');
  });

  describe('with tests for some releases', () => {
    const on = (version: string, more: Record<string, string> = {}): Promise<Tried> => {
      const file = join(folder, 'releases.json');
      writeFileSync(file, JSON.stringify({ namespace: 'e2e', version }));
      return tried('releases', { E2E_CONNECTION: file, ...more });
    };

    it('reports as NotApplicable what the installed release does not have', async () => {
      const result = await on('26.8.3');
      expect([result.status.verdict, exitOf(result)]).to.deep.equal(['Passed', 0]);
      expect(result.status.counts).to.include({ total: 4, passed: 2, pending: 2, failed: 0 });
      const left = result.status.tests?.filter(({ state }) => state === 'pending') ?? [];
      expect(left.map(({ reason, message }) => [reason, message])).to.have.deep.members([
        ['NotApplicable', 'the test applies since 26.9.0, and e2e runs 26.8.3'],
        ['NotApplicable', 'the test applies until 26.7.0, and e2e runs 26.8.3'],
      ]);
      expect(result.output).to.match(
        /○ .*since 26\.9\.0 \(0\.00 s\)\n {2}NotApplicable: the test applies since/,
      );
      expect(result.junit).to.match(/<skipped .*e2e runs 26\.8\.3.* type="NotApplicable"/);
    });
    it('runs them where they apply', async () => {
      expect((await on('26.9.6')).status.counts).to.include({ passed: 2, pending: 1, failed: 1 });
    });
    it('is skipped as NotApplicable if no test applies', async () => {
      const { status } = await on('26.8.3', { E2E_GREP: 'since 26.9.0' });
      expect(status).to.include({ verdict: 'Skipped', reason: 'NotApplicable' });
      expect(status.message).to.include('since 26.9.0');
    });
  });

  it('has titles and errors in printable characters', async () => {
    const result = await tried('control-titles');
    expect([result.status.counts?.total, exitOf(result)]).to.deep.equal([6, 1]);
    const texts = (result.status.tests ?? []).flatMap(({ title, error = '' }) => [title, error]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern searches for them
    expect(texts.join('')).not.to.match(/[\u0000-\u0009\u000b-\u001f\u202e]|\[31m/);
    const titles = (result.status.tests ?? []).map(({ title }) => title);
    expect(new Set(titles).size).to.equal(titles.length);
    expect(titles.every((title) => title.trim() !== '' && !title.includes('\n'))).to.equal(true);
  });

  it('counts the last try of a test that Mocha runs again', async () => {
    const result = await tried('retries');
    expect(states(result)).to.deep.equal(['passed', 'failed']);
    expect(result.output).to.include('runs again: mocha retries › passes at its second try: Error: not yet');
  });

  it('counts tests that a hook makes', async () => {
    const result = await tried('made-in-before');
    expect(result.status.counts).to.include({ total: 3, passed: 2, failed: 1 });
    const some = await tried('made-in-before', { E2E_GREP: 'start|passes' });
    expect(some.status.counts).to.include({ total: 2, passed: 2, failed: 0 });
  });

  it('is interrupted if a test makes another one, which Mocha never runs', async () => {
    const result = await tried('made-in-test');
    expect(states(result)).to.deep.equal(['passed', 'interrupted']);
    expect([result.status.verdict, exitOf(result)]).to.deep.equal(['Interrupted', 1]);
  });

  it('has real times although a test keeps fake timers', async () => {
    const { status } = await tried('fake-timers');
    expect(status.verdict).to.equal('Passed');
    expect(Date.parse(status.finishedAt ?? '')).to.be.above(Date.parse(status.startedAt ?? ''));
    expect(status.seconds).to.be.above(0);
  });

  it('fails tests whose rejections stay unhandled', async () => {
    const result = await tried('forgets');
    expect(states(result)).to.deep.equal(['failed', 'passed', 'failed']);
    expect(errors(result)[0]).to.include('never handled').and.include('no test awaits this');
  });

  it('shows values, causes and what differs', async () => {
    const result = await tried('messages');
    const [own, aggregate, objects, lists, line, colors, maps, buffers, suppressed] = errors(result);
    expect(own).to.include('status of the answer').and.match(/-500/).and.match(/\+200/);
    expect(aggregate).to.include('first reason').and.include('second reason');
    expect(objects)
      .to.match(/-.*last-key.*left/)
      .and.match(/\+.*last-key.*right/);
    expect(lists).to.match(/\+.*12345/);
    expect(line)
      .to.match(/-.*left/)
      .and.match(/\+.*right/);
    expect(colors).not.to.include('[39m');
    expect(maps)
      .to.match(/-.*left/)
      .and.match(/\+.*right/);
    expect(buffers)
      .to.match(/-.*0101$/m)
      .and.match(/\+.*01fe$/m);
    expect(suppressed).to.include('while it closed').and.include('the first reason');
  });

  for (const weak of ['pass', '2026', 'runner', 'Passed', 'fixtures']) {
    it(`keeps what the runner makes when the password is "${weak}"`, async () => {
      const result = await tried('pass', withPassword(weak));
      const { status } = result;
      expect(status.verdict).to.equal('Passed');
      expect(states(result)).to.include('passed');
      expect(status.startedAt).to.match(/^20\d\d-/);
      expect(status.tests?.[0]?.file).to.equal('runner/fixtures/pass');
      expect([result.notes, exitOf(result)]).to.deep.equal([[], 0]);
    });
  }

  it('has the exit code of a run', async () => {
    const code = async (sample: string) => exitOf(await tried(sample));
    expect(await code('none')).to.equal(1);
    expect(await code('import-error')).to.equal(2);
  });

  it('may be named by its path or as in the catalog', () => {
    const named = (text: string) => suiteFileOf(text, '/root', '/root/suites/storage');
    expect(named('rename.ts')).to.equal('storage/rename');
    expect(named('../storage/rename.ts')).to.equal('storage/rename');
    expect(named('storage/rename')).to.equal('storage/rename');
    expect(() => named('/elsewhere/a.ts')).to.throw('is not in suites/');
  });
});
