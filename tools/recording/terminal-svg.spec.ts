import { expect } from 'chai';
import { shownLines } from './lines.ts';
import { terminalSvg } from './terminal-svg.ts';

const LOG = [
  '[   0.1s] ▸ machine',
  '[   0.3s] ✓ machine (0.2 s)',
  '[  30.6s] ▸ test run',
  '[  69.6s]   session-lifecycle-create-session in e2e: started',
  ...Array.from(
    { length: 24 },
    (_, index) => `[ ${70 + index}.0s]     e2e ✔ a session › starts ${index} (0.1 s)`,
  ),
  '[ 99.0s]     e2e ✘ a session › <b>ends</b> (0.1 s)',
  '[2103.1s] ✓ test run (2072.5 s)',
  '',
  'the history of runs is in /root/.local/share/backendai-e2e/history',
  'exit 1 (the run did not succeed): \u001b[2J',
].join('\n');

describe('a recording of a terminal', () => {
  const shown = shownLines(LOG);
  const texts = shown.map(({ text }) => text);

  it('shows the whole beginning and end, and a part of what repeats while suites run', () => {
    expect(texts.slice(0, 3)).to.deep.equal(['▸ machine', '✓ machine (0.2 s)', '▸ test run']);
    expect(texts.filter((text) => text.includes('starts'))).to.have.length(2);
    expect(texts).to.include('    e2e ✘ a session › <b>ends</b> (0.1 s)');
    expect(texts.at(-2)).to.equal('the history of runs is in ~/.local/share/backendai-e2e/history');
  });

  it('plays the lines in their order, in half a minute', () => {
    const times = shown.map(({ at }) => at);
    expect(times).to.deep.equal(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).to.be.below(35);
  });

  it('is one drawing without a script, and no text of it acts', () => {
    const svg = terminalSvg('make e2e-kind', shown);
    for (const acting of ['<script', '<b>', '\u001b']) expect(svg).not.to.include(acting);
    expect(svg.match(/<text/g)).to.have.length(shown.length + 1);
    expect(svg).to.include('prefers-reduced-motion');
  });

  it('needs the log of a whole job', () => {
    expect(() => shownLines('[   0.1s] ▸ machine')).to.throw('▸ test run');
  });
});
