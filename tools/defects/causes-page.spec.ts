import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { expect } from 'chai';
import { CAUSES_PAGE, causesPage, rankedCauses, shareAmong } from './causes-page.ts';
import { readDefects } from './defect-list.ts';
import { failuresWith, readFailures, trimmedError } from './failures.ts';

describe('the first causes of planted defects', () => {
  it('have the component with the defect among the first two in nine of ten failures', async () => {
    const ranked = rankedCauses(readDefects(), await readFailures(), await readCatalog(PROJECT_ROOT));
    expect(ranked).to.have.length.of.at.least(70);
    expect(shareAmong(ranked, 2)).to.be.at.least(0.9);
  });

  it('are on their page, as "make docs" writes it', async () => {
    const ranked = rankedCauses(readDefects(), await readFailures(), await readCatalog(PROJECT_ROOT));
    expect(readFileSync(path.join(PROJECT_ROOT, CAUSES_PAGE), 'utf8')).to.equal(causesPage(ranked));
  });

  it('come from the message and the requests of an error, not from its frames', () => {
    const long = `    → 200 ${'x'.repeat(400)} (0.1 s)`;
    const error = `expected 1\n    at file:///app/agent.js\nLast requests:\n  2026-01-01T00:00:00Z GET /a\n${long}\n    at b`;
    const lines = trimmedError(error).split('\n');
    expect(lines.slice(0, 3)).to.deep.equal([
      'expected 1',
      'Last requests:',
      '  2026-01-01T00:00:00Z GET /a',
    ]);
    expect(lines[3]).to.match(/^ {4}→ 200 x+… \(0\.1 s\)$/);
    expect(lines).to.have.length(4);
  });

  it('are kept for the defects that were caught last', () => {
    const [one, two] = readDefects();
    if (!one || !two) throw new Error('the list is short');
    const kept = { name: one.name, suite: 's', title: 't', error: 'e' };
    const fresh = { name: two.name, state: 'caught' as const, seenBy: ['s'], said: '' };
    const failure = { suite: 's', title: 'u', error: 'f' };
    expect(failuresWith([one, two], [kept], [{ ...fresh, failure }])).to.deep.equal([
      kept,
      { name: two.name, ...failure },
    ]);
    expect(failuresWith([one, two], [kept], [{ ...fresh, name: one.name, state: 'missed' }])).to.deep.equal(
      [],
    );
  });
});
