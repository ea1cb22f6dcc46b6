import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { type JobSeen, ScheduleStory } from './cron-story.ts';

function job(name: string, type?: 'Complete' | 'Failed'): JobSeen {
  return { metadata: { name }, status: type ? { conditions: [{ type, status: 'True' }] } : { active: 1 } };
}

function runOf(name: string, passed: boolean) {
  const one = run([suite('s', passed ? 'Passed' : 'Failed')], {
    status: passed ? 'True' : 'False',
    reason: passed ? 'AllPassed' : 'SuitesFailed',
  });
  return { ...one, metadata: { name } };
}

describe('the scheduled runs of a schedule', () => {
  it('shows each end once, and what is kept and gone', () => {
    const story = new ScheduleStory();
    expect(story.look([job('a')], [])).to.deep.equal([]);
    expect(story.look([job('a', 'Complete'), job('b')], [runOf('a', true)])).to.deep.equal([
      'a: Job Complete, TestRun AllPassed',
    ]);
    story.look([job('b', 'Failed')], [runOf('b', false)]);
    expect(story.succeeded()).to.deep.equal(['a']);
    expect(story.failed()).to.deep.equal(['b']);
    expect(story.isGone('a')).to.equal(true);
    expect(story.kept()).to.deep.equal(['b']);
    expect(story.troubles()).to.deep.equal([]);
  });

  it('distinguishes a run without a start from a missing run', () => {
    const untouched = { ...run([]), metadata: { name: 'a' }, status: {} };
    const story = new ScheduleStory();
    expect(story.look([job('a', 'Failed'), job('b', 'Failed')], [untouched])).to.deep.equal([
      'a: Job Failed, TestRun without a verdict',
      'b: Job Failed, TestRun is not there',
    ]);
  });

  it('notices two scheduled runs at once', () => {
    const story = new ScheduleStory();
    story.look([job('a'), job('b')], []);
    expect(story.troubles().join()).to.contain('two scheduled runs went on at once: a, b');
  });

  it('notices a Job that ends otherwise than its run', () => {
    const story = new ScheduleStory();
    story.look([job('a', 'Complete')], [runOf('a', false)]);
    expect(story.troubles().join()).to.contain("its TestRun's verdict is False");
  });
});
