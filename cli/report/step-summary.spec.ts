import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { appendStepSummary } from './step-summary.ts';

describe('the page of a CI job', () => {
  it('gets the summary after what others wrote', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'e2e-summary-'));
    try {
      const file = path.join(folder, 'summary.md');
      await writeFile(file, 'earlier step\n');
      expect(await appendStepSummary('## run', { GITHUB_STEP_SUMMARY: file })).to.equal(undefined);
      expect(await readFile(file, 'utf8')).to.equal('earlier step\n## run\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is nothing outside of CI, and a sentence where it cannot be written', async () => {
    expect(await appendStepSummary('x', {})).to.equal(undefined);
    const trouble = await appendStepSummary('x', { GITHUB_STEP_SUMMARY: '/nonexistent/file' });
    expect(trouble).to.contain('could not be added').and.contain('ENOENT');
  });
});
