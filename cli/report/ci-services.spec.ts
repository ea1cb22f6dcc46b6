import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { showInService } from './ci-services.ts';

const failed = test('x', { file: 'bench/one-test', state: 'failed', error: 'no' });
const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', [failed])] };

describe('a run in a CI service', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-ci-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** What a service with this environment gets as commands. */
  async function shown(env: Record<string, string>, out?: string) {
    let text = '';
    const write = (more: string) => {
      text += more;
    };
    const troubles = await showInService(objects, { env, write, ...(out ? { out } : {}) });
    return { text, troubles };
  }

  it('of GitHub has annotations at the tests, and the summary', async () => {
    const summary = path.join(folder, 'summary.md');
    const { text, troubles } = await shown({
      ...{ GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary },
      GITHUB_WORKSPACE: PROJECT_ROOT,
    });
    expect(troubles).to.deep.equal([]);
    expect(text).to.equal('::error file=suites/bench/one-test.ts,title=s%3A x::failed: no\n');
    expect(await readFile(summary, 'utf8')).to.contain('bench/one-test: x');
  });

  it('of GitLab has a link to the page, by the path below the project', async () => {
    const env = {
      GITLAB_CI: 'true',
      CI_PROJECT_DIR: path.dirname(folder),
      CI_JOB_URL: 'https://git.test/j/1',
    };
    expect(await shown(env, folder)).to.deep.equal({ text: '', troubles: [] });
    const links = JSON.parse(await readFile(path.join(folder, 'gitlab-annotations.json'), 'utf8'));
    const url = `https://git.test/j/1/artifacts/file/${path.basename(folder)}/index.html`;
    expect(links).to.deep.equal({
      'End-to-end tests': [{ external_link: { label: 'The page of this run', url } }],
    });
  });

  it('is shown nowhere outside of one', async () => {
    expect(await shown({}, path.join(folder, 'none'))).to.deep.equal({ text: '', troubles: [] });
  });

  it('keeps its verdict if nothing can be written', async () => {
    const env = {
      ...{ GITHUB_STEP_SUMMARY: '/nonexistent/file', GITLAB_CI: 'true', CI_JOB_URL: 'https://git.test/j/1' },
      CI_PROJECT_DIR: folder,
    };
    const { troubles } = await shown(env, path.join(folder, 'none'));
    expect(troubles).to.have.length(2);
    expect(troubles[0]).to.contain('cannot add the summary');
    expect(troubles[1]).to.contain('cannot write gitlab-annotations.json');
  });
});
