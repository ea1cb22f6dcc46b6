import { expect } from 'chai';
import { changeOf, type Mutant, mutantsOf, mutated } from './mutants.ts';
import { OPERATORS } from './operators.ts';
import { mutationPage } from './page.ts';
import { sampleOf } from './sample.ts';

/** The sources that an operator makes of one. */
const made = (operator: string, source: string): string[] =>
  mutantsOf('a.ts', source)
    .filter((mutant) => mutant.operator === operator)
    .map((mutant) => mutated(source, mutant));

/** Operator, source, and every mutant of it. */
const CASES: [operator: string, source: string, ...mutants: string[]][] = [
  ['comparison', 'a === b', 'a !== b'],
  ['comparison', 'a < b', 'a <= b', 'a >= b'],
  ['logic', 'a && b', 'a || b'],
  ['no default', 'a ?? b', 'a'],
  ['condition true', 'if (a) b();', 'if (true) b();'],
  ['condition false', 'c = a ? 1 : 2;', 'c = false ? 1 : 2;'],
  ['no negation', 'if (!a) b();', 'if (a) b();'],
  ['other boolean', 'a = true;', 'a = false;'],
  ['other number', 'a = 7;', 'a = 8;'],
  ['empty text', "a = 'x';", "a = '';"],
  ['empty text', 'a = `x`;', 'a = ``;'],
  ['empty text', "throw new Error('x');"],
  ['empty text', 'a = new Inconclusive(`x`);'],
  ['empty list', 'a = [b];', 'a = [];'],
  ['pattern without anchors', 'a = /^b$/i;', 'a = /b/i;'],
  ['other method', 'a.every(b)', 'a.some(b)'],
  ['no method', 'a.filter(b).length', 'a.length'],
  ['other end', 'a.at(-1)', 'a.at(0)'],
  ['opposite step', 'a++;', 'a--;'],
  ['opposite sum', 'a += 1;', 'a -= 1;'],
  ['no result', 'const f = () => { return a; };', 'const f = () => { return undefined; };'],
  ['no assertion', 'expect(a).to.equal(b);', ';'],
  ['no assertion', 'await expectRefusal(a, b);', ';'],
  ['no error', "if (a) throw new Error('b');", 'if (a) {}'],
  ['no call', 'a.close();', ';'],
  ['no wait', 'await a.close();', 'a.close();'],
  ['swallowed error', 'try { a(); } catch (error) { b(error); }', 'try { a(); } catch (error) {}'],
];

describe('a mutant', () => {
  for (const [operator, source, ...mutants] of CASES) {
    it(`${operator}: ${source} becomes ${mutants.join(' and ') || 'nothing else'}`, () => {
      expect(made(operator, source)).to.deep.equal(mutants);
    });
  }

  it('is tried here for each operator', () => {
    expect([...new Set(CASES.map(([operator]) => operator))]).to.have.members(Object.keys(OPERATORS));
  });

  it('is a change of what runs, not of a type, an import or the key of a property', () => {
    const source = "import { a } from './a.ts';\ntype B = 'x' | 7;\nconst c = { 'd': e } as { f: true };";
    expect(mutantsOf('a.ts', source)).to.deep.equal([]);
  });

  it('has the line of its change, and both sides in one line each', () => {
    const source = 'a();\nif (\n  b\n) c();';
    const mutant = mutantsOf('x.ts', source).find(({ operator }) => operator === 'condition true');
    expect(mutant).to.include({ file: 'x.ts', line: 3, text: 'true' });
    expect(changeOf(source, mutant as Mutant)).to.deep.equal({ from: 'b', to: 'true' });
  });
});

describe('a sample of mutants', () => {
  const all = Array.from({ length: 100 }, (_, index) => index);

  it('is the same for the same seed, in order, and never more than there are', () => {
    const one = sampleOf(all, 10, 1);
    expect(one).to.have.lengthOf(10);
    expect(one).to.deep.equal(one.toSorted((a, b) => a - b));
    expect(sampleOf(all, 10, 1)).to.deep.equal(one);
    expect(sampleOf(all, 10, 2)).not.to.deep.equal(one);
    expect(sampleOf(all, 1_000, 3)).to.deep.equal(all);
  });
});

describe('the page of mutants', () => {
  it('counts files, shows survivors and names files without a spec', () => {
    const mutant = { file: 'a.ts', line: 1, operator: 'logic', start: 2, end: 4, text: '||' };
    const page = mutationPage(
      [
        { mutant, fate: 'survived' },
        { mutant, fate: 'killed', by: 'x' },
        { mutant, fate: 'stuck' },
        { mutant: { ...mutant, file: 'b.ts' }, fate: 'no spec' },
      ],
      { all: 9, seed: 1, date: '2026-01-01', read: () => 'a && b' },
    );
    expect(page).to.include('noticed 2 of 3 mutants (67 %). They are a sample of 9 with seed 1.');
    expect(page).to.include('| `a.ts` | 2 | 1 |').and.not.include('| `b.ts`');
    expect(page).to.include('| `a.ts:1` | logic | `&&` → `\\|\\|` |').and.include('- `b.ts`');
  });
});
