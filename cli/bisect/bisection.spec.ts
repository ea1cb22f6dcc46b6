import type { Component } from '@backendai-e2e/api/components';
import { expect } from 'chai';
import type { Sight } from '../series/sight.ts';
import { answerInWords, type Lines, nextStep, type Step } from './bisection.ts';
import { type Build, keyOf, type Point, pointInWords, releaseLine } from './builds.ts';

const release = (version: string): Build => ({ kind: 'release', version });
const commit = (digit: string): Build => ({ kind: 'commit', hash: digit.repeat(40), subject: `Do ${digit}` });
const edits: Build = { kind: 'edits', folder: '../backend.ai', hash: 'f'.repeat(40) };

/** Plays a bisection to its end. `isRed` says what is wrong; `more` is what can be read. */
function bisect(
  builds: readonly Build[],
  isRed: (point: Point) => Sight['color'],
  more: { commits?: Build[]; touched?: Component[] } = {},
) {
  let lines: Lines = { builds };
  const colors = new Map<string, Sight['color']>();
  const done: string[] = [];
  for (;;) {
    const step = nextStep(lines, (key) => colors.get(key));
    if (step.do === 'end') return { answer: answerInWords(step), step, done };
    if (step.do === 'read') {
      done.push(`read ${step.what}`);
      lines = { ...lines, [step.what]: more[step.what] ?? [] };
    } else {
      done.push(pointInWords(step.point));
      colors.set(keyOf(step.point), isRed(step.point));
    }
  }
}

/** Red where a component is of one of these builds. */
const fault = (component: Component, red: readonly Build[]) => (point: Point) => {
  const build = 'build' in point ? point.build : point.component === component ? point.of : point.others;
  return red.some((one) => keyOf({ build: one }) === keyOf({ build })) ? 'red' : 'green';
};

describe('a bisection', () => {
  const releases = ['26.9.0', '26.9.1', '26.9.2', '26.9.3'].map(release);
  const commits = ['1', '2', '3', '4', '5'].map(commit);

  it('goes from releases to the component, and answers in one sentence', () => {
    const { answer, done } = bisect(releases, fault('agent', releases.slice(2)), {
      touched: ['manager', 'agent', 'webserver'],
    });
    expect(done).to.deep.equal([
      ...['26.9.3', '26.9.0', '26.9.1', '26.9.2', 'read touched'],
      'manager of 26.9.2 beside 26.9.1',
      'agent of 26.9.2 beside 26.9.1',
    ]);
    expect(answer).to.equal(
      'The tests are red since 26.9.2, green before on 26.9.1: the code of agent alone makes them red.',
    );
  });

  it('goes on to the commits of a checkout after the last green release', () => {
    const head = commits.at(-1) ?? commit('0');
    const { answer, done } = bisect([...releases, head], fault('manager', commits.slice(2)), {
      commits,
      touched: ['manager'],
    });
    expect(done.slice(0, 3)).to.deep.equal(['commit 555555555555 (Do 5)', '26.9.0', '26.9.2']);
    expect(done).to.include('read commits').and.not.include('manager');
    expect(answer).to.equal(
      'The tests are red since commit 333333333333 (Do 3), green before on commit 222222222222 (Do 2): ' +
        'only the code of manager changed.',
    );
  });

  it('finds a change in the first commit after the release, or in the only one', () => {
    for (const own of [commits, commits.slice(-1)]) {
      const [first] = own;
      if (first?.kind !== 'commit') throw new Error('there is a commit');
      const { answer } = bisect([...releases, ...commits.slice(-1)], fault('agent', own), {
        commits: own,
        touched: ['agent'],
      });
      expect(answer)
        .to.include(`since commit ${first.hash.slice(0, 12)}`)
        .and.include('green before on 26.9.3');
    }
  });

  it('reads no commits where a release is red already', () => {
    const head = commits.at(-1) ?? commit('0');
    const { done } = bisect([...releases, head], fault('manager', [...releases.slice(1), head]), {
      touched: ['manager'],
    });
    expect(done).not.to.include('read commits');
  });

  it('blames the edits of a checkout when its commit is green', () => {
    const { answer } = bisect([release('26.9.6'), edits], fault('agent', [edits]), {
      commits: [...commits, edits],
      touched: ['agent'],
    });
    expect(answer).to.include('red since the edits of ../backend.ai, green before on commit 555555555555');
  });

  it('says so when no component alone is enough, or the change touches none', () => {
    const together = (point: Point): Sight['color'] =>
      'build' in point
        ? fault('agent', releases.slice(2))(point)
        : point.component === 'agent'
          ? 'unknown'
          : 'green';
    expect(bisect(releases, together, { touched: ['manager', 'agent'] }).answer).to.match(
      /no component alone makes them red \(agent did not run\)\.$/,
    );
    expect(bisect(releases, together, { touched: [] }).answer).to.match(/the change touches no component\.$/);
  });

  it('counts what said nothing between green and red', () => {
    const silent = (point: Point): Sight['color'] =>
      keyOf(point) === '26.9.1' ? 'unknown' : fault('agent', releases.slice(2))(point);
    expect(bisect(releases, silent, { touched: ['agent'] }).answer).to.include(
      'since 26.9.2, green before on 26.9.0, past 1 that say nothing',
    );
  });

  it('gives no answer where an end is not what it should be', () => {
    const { answer, step } = bisect(releases, () => 'red');
    expect(answer).to.equal('No answer: the tests are red on 26.9.0, which should be green.');
    expect('refuted' in (step as Extract<Step, { do: 'end' }>)).to.equal(true);
    expect(bisect(releases, () => 'unknown').answer).to.equal(
      'No answer: the tests say nothing on 26.9.3, which should be red.',
    );
  });
});

describe('the releases of a bisection', () => {
  const published = [
    '26.10.0rc1',
    '26.9.6',
    '26.9.2',
    '26.9.1',
    '26.9.0',
    '26.8.1',
    '26.8.0',
    '26.7.0',
    '26.4.9',
    '26.4.8',
  ];

  it('are the patches of one series', () => {
    expect(releaseLine('26.9.0', '26.9.6', published)).to.deep.equal([
      '26.9.0',
      '26.9.1',
      '26.9.2',
      '26.9.6',
    ]);
  });
  it('are the first of each series between two, and the patches of the last', () => {
    expect(releaseLine('26.4.8', '26.9.2', published)).to.deep.equal([
      ...['26.4.8', '26.7.0', '26.8.0', '26.9.0', '26.9.1', '26.9.2'],
    ]);
  });
  it('are the ends alone where nothing is between them', () => {
    expect(releaseLine('26.9.1', '26.9.2', published)).to.deep.equal(['26.9.1', '26.9.2']);
    expect(releaseLine('26.9.6', '26.10.0rc1', published)).to.deep.equal(['26.9.6', '26.10.0rc1']);
  });
});
