import { expect } from 'chai';
import { suitesPage } from './suites-page.ts';

const entry = { name: 'storage-a', area: 'storage', description: 'Keeps | bytes.', files: ['storage/a'] };
const lastRow = (page: string): string | undefined => page.trim().split('\n').at(-1);

describe('the page of suites', () => {
  it('says what each suite proves, how many tests it has, and how long it takes', () => {
    const page = suitesPage(
      [{ ...entry, slow: true, claims: ['s3', 'agent'] }],
      new Map([['storage-a', { tests: 3, seconds: 42 }]]),
    );
    expect(page).to.include('## storage\n');
    expect(lastRow(page)).to.equal('| `storage-a` | Keeps \\| bytes. | 3 | 42 | slow, claims s3 and agent |');
  });

  it('shows a dash for a suite that has never run in a whole run', () => {
    expect(lastRow(suitesPage([entry], new Map([['storage-a', { tests: 1 }]])))).to.include('| 1 | – |');
  });
});
