import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { markdownReporter } from '@backendai-e2e/results/markdown';
import { reported } from '@backendai-e2e/results/reporter';
import { run } from '@backendai-e2e/results/run-fixtures';
import { runRecord } from '@backendai-e2e/results/run-record';
import { expect } from 'chai';
import { appendStepSummary } from './job-page.ts';

const objects = { run: run([]), reports: [] };

describe('the page of a CI job', () => {
  it('receives the summary after the output of earlier steps', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'e2e-summary-'));
    try {
      const file = path.join(folder, 'summary.md');
      await writeFile(file, 'earlier step\n');
      expect(await appendStepSummary(objects, { GITHUB_STEP_SUMMARY: file })).to.equal(undefined);
      expect(await readFile(file, 'utf8')).to.equal(
        `earlier step\n${reported(markdownReporter, runRecord(objects))}`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is left alone outside of CI, and a failed write becomes a sentence', async () => {
    expect(await appendStepSummary(objects, {})).to.equal(undefined);
    const trouble = await appendStepSummary(objects, { GITHUB_STEP_SUMMARY: '/nonexistent/file' });
    expect(trouble).to.contain('cannot add the summary').and.contain('ENOENT');
  });
});
