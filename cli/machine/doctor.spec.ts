import { expect } from 'chai';
import {
  cgroupFinding,
  diskFinding,
  engineFinding,
  type Finding,
  goFinding,
  memoryFinding,
  nodeFinding,
  platformFinding,
} from './doctor.ts';
import { osFamilies } from './host.ts';

const debianRoot = { families: ['debian'], root: true };
const built: Finding = { name: 'kind', state: 'will be built', detail: '' };
const found: Finding = { name: 'kind', state: 'found', detail: '' };

describe('the doctor', () => {
  it('finds an engine, or says that one will be installed, or that one is missing', () => {
    expect(engineFinding('28.0.1', debianRoot, {}).state).to.equal('found');
    expect(engineFinding(undefined, debianRoot, {}).state).to.equal('will be built');
    expect(engineFinding(undefined, { families: ['arch'], root: true }, {}).state).to.equal('missing');
  });
  it('requires Go only to build a tool', () => {
    expect(goFinding(undefined, [found]).state).to.equal('found');
    expect(goFinding(undefined, [found, built]).state).to.equal('missing');
    expect(goFinding('1.19.8', [built])).to.include({ state: 'missing', detail: '1.19.8 is too old' });
    expect(goFinding('1.26.8', [built]).state).to.equal('found');
  });
  it('requires more disk for a first run than for a later one', () => {
    expect(diskFinding(20, false).state).to.equal('missing');
    expect(diskFinding(20, true).state).to.equal('found');
    expect(diskFinding(5, true).state).to.equal('missing');
  });
  it('never names something missing without saying what to do', () => {
    const missing = [
      engineFinding(undefined, { families: [], root: false }, {}),
      memoryFinding(3.8),
      diskFinding(1, true),
      cgroupFinding({ cgroup: undefined }),
      goFinding(undefined, [built]),
      platformFinding('darwin', 'arm64'),
      nodeFinding('20.20.2'),
    ];
    for (const finding of missing) {
      expect(finding.state, finding.name).to.equal('missing');
      expect(finding.remedy, finding.name).to.match(/\w{3}/);
    }
  });
  it('reads the family of the system', () => {
    expect(osFamilies('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n')).to.deep.equal(['ubuntu', 'debian']);
    expect(osFamilies('ID="rocky"\nID_LIKE="rhel centos fedora"\n')).to.deep.equal([
      'rocky',
      'rhel',
      'centos',
      'fedora',
    ]);
  });
});
