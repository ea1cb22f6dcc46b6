import { expect } from 'chai';
import { compiledName, laidChanges } from './laid-changes.ts';

const installed = {
  'manager/same.py': ['a', 'A'],
  'manager/program.py': ['b', 'B'],
  'manager/edited.py': ['c', 'C'],
  'manager/gone.py': ['d', 'D'],
  'manager/__pycache__/gone.cpython-313.pyc': ['e', 'E'],
  'manager/__pycache__/same.cpython-313.pyc': ['f', 'F'],
  'web/static/index.html': ['g', 'G'],
  'agent/other.py': ['h', 'H'],
};
const sources = {
  'manager/same.py': 'a',
  'manager/program.py': 'B',
  'manager/edited.py': 'new',
  'manager/data.txt': 'x',
  'web/static/readme.txt': 'y',
};

describe('what a checkout changes in the packages below', () => {
  const changes = laidChanges(sources, installed);
  it('is what they lack or have otherwise, whatever its mode', () => {
    expect(changes.copied).to.deep.equal(['manager/data.txt', 'manager/edited.py', 'web/static/readme.txt']);
  });
  it('removes modules with their compiled files, in components that the checkout has', () => {
    expect(changes.removed).to.deep.equal(['manager/__pycache__/gone.cpython-313.pyc', 'manager/gone.py']);
  });
  it('keeps what a build makes', () => {
    expect(laidChanges({ 'web/a.txt': 'z' }, installed).removed).to.deep.equal([]);
  });
  it('knows where Python looks for a compiled module', () => {
    expect(compiledName('manager/api/a.py')).to.equal('manager/api/__pycache__/a.cpython-313.pyc');
    expect(compiledName('a.py')).to.equal('__pycache__/a.cpython-313.pyc');
  });
});
