import { expect } from 'chai';
import { ONE_DEFECT } from '../defects/defect-fixtures.ts';
import { parseDefects } from '../defects/defect-list.ts';
import { changedText, fileOfModule, madeHistory, requirementsOf } from './edits.ts';
import { PROOFS, proofsOf } from './proofs.ts';

const [defect] = parseDefects(ONE_DEFECT);
const change = defect?.way.by === 'change' ? defect.way.change : undefined;
if (!change) throw new Error('the row has no change');

describe('an edit of made sources', () => {
  it('replaces the text of a defect', () => {
    expect(changedText('if x:\n  return True\n', change)).to.equal('if x:\n  return False\n');
  });
  it('is refused where the module holds the text more or less often', () => {
    expect(() => changedText('return 1', change)).to.throw(
      'manager-lies: the module holds the text 0 times, not 1',
    );
    expect(() => changedText('return True; return True', change)).to.throw('2 times, not 1');
  });
  it('is in the file of its module', () => {
    expect(fileOfModule(change.module)).to.equal('ai/backend/manager/truth.py');
  });
});

describe('a made history', () => {
  const history = madeHistory(10, 7, change);
  it('plants the defect in one commit', () => {
    expect(history).to.have.length(10);
    expect(history.filter((commit) => commit.change)).to.deep.equal([history[6]]);
    expect(history[6]).to.include({ subject: 'Plant manager-lies', file: 'ai/backend/manager/truth.py' });
  });
  it('touches several components, with a subject of its own for each commit', () => {
    expect(new Set(history.map(({ subject }) => subject)).size).to.equal(10);
    expect(history.map(({ file }) => file)).to.include('ai/backend/storage/server.py');
  });
});

describe('requirements of a made checkout', () => {
  it('are the third-party packages alone', () => {
    const packages = [
      { name: 'aiohttp', version: '3.1' },
      { name: 'backend-ai-manager', version: '26.9.6' },
    ];
    expect(requirementsOf(packages)).to.equal('aiohttp==3.1\n');
  });
});

describe('--proofs', () => {
  it('takes names, and refuses others', () => {
    expect(proofsOf('loop, bisect')).to.deep.equal(['loop', 'bisect']);
    expect(() => proofsOf('all')).to.throw(`choose among ${PROOFS.join(', ')}`);
  });
});
