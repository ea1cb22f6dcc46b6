import { testSuite } from '@backendai-e2e/api/object-fixtures';
import type { TestSuiteSpec } from '@backendai-e2e/api/test-suite';
import { expect } from 'chai';
import { selectSuites } from './selection.ts';

const suite = (name: string, spec: Partial<TestSuiteSpec> = {}, labels: Record<string, string> = {}) =>
  testSuite(name, { metadata: { labels }, spec });

const storage = { 'e2e.backend.ai/area': 'storage' };
const existing = [
  suite('zeta', {}, storage),
  suite('alpha', {}, storage),
  suite('long', { slow: true }, storage),
  suite('bench', { onDemand: true }, storage),
  suite('other'),
];

describe('selectSuites', () => {
  const cases: [string, Parameters<typeof selectSuites>[0], string[]][] = [
    ['nothing chosen: all but onDemand, by name', undefined, ['alpha', 'long', 'other', 'zeta']],
    ['an empty selection is nothing chosen', {}, ['alpha', 'long', 'other', 'zeta']],
    ['without slow ones', { includeSlow: false }, ['alpha', 'other', 'zeta']],
    ['by name, in the given order, doubles once', { names: ['zeta', 'alpha', 'zeta'] }, ['zeta', 'alpha']],
    ['by name: also slow and onDemand', { names: ['bench', 'long'], includeSlow: false }, ['bench', 'long']],
    ['by label, onDemand left out', { matchLabels: storage }, ['alpha', 'long', 'zeta']],
    [
      'names and labels are a union',
      { names: ['other'], matchLabels: storage },
      ['other', 'alpha', 'long', 'zeta'],
    ],
  ];
  for (const [title, choice, names] of cases) {
    it(title, () => expect(selectSuites(choice, existing)).to.deep.equal({ ok: true, names }));
  }

  it('names the unknown and the existing suites', () => {
    const selection = selectSuites({ names: ['nonsense', 'alpha'] }, existing);
    expect(selection).to.deep.include({ ok: false, reason: 'UnknownSuites' });
    expect(selection).to.have.property(
      'message',
      'there is no TestSuite called nonsense; there are: alpha, bench, long, other, zeta',
    );
  });

  it('names the labels that matched nothing', () => {
    const selection = selectSuites({ matchLabels: { 'e2e.backend.ai/area': 'none' } }, existing);
    expect(selection).to.deep.include({ ok: false, reason: 'NoSuites' });
    expect(selection).to.have.property('message').that.includes('e2e.backend.ai/area=none');
  });

  it('refuses more suites than a run may have', () => {
    const many = Array.from({ length: 201 }, (_, index) => suite(`s${index}`));
    expect(selectSuites({}, many)).to.deep.include({ ok: false, reason: 'TooManySuites' });
  });

  it('keeps the list of what exists short', () => {
    const many = Array.from({ length: 1000 }, (_, index) => suite(`s${index}`));
    const selection = selectSuites({ names: ['x'] }, many);
    expect(selection)
      .to.have.property('message')
      .that.matches(/and 900 more$/);
  });
});
