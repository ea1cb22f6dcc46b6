import { expect } from 'chai';
import {
  cgroupFinding,
  diskFinding,
  engineFinding,
  type Finding,
  goFinding,
  inotifyFinding,
  memoryFinding,
  nodeFinding,
  platformFinding,
} from './doctor.ts';
import { osFamilies } from './host.ts';

const debianRoot = { families: ['debian'], root: true };
const none = { version: undefined, podman: false, rootless: false, endpoint: undefined };
const engine = { ...none, version: '28.0.1', endpoint: 'unix:///var/run/docker.sock' };
const built: Finding = { name: 'kind', state: 'will be built', detail: '' };
const found: Finding = { name: 'kind', state: 'found', detail: '' };

describe('the doctor', () => {
  it('finds an engine, or says that one will be installed, or that one is missing', () => {
    expect(engineFinding(engine, debianRoot, {}).state).to.equal('found');
    expect(engineFinding(none, debianRoot, {}).state).to.equal('will be built');
    expect(engineFinding(none, { families: ['arch'], root: true }, {}).state).to.equal('missing');
  });
  const endpoints: [string, boolean][] = [
    ['unix:///run/user/1000/docker.sock', true],
    ['tcp://127.0.0.1:2375', true],
    ['tcp://localhost:2376', true],
    ['tcp://[::1]:2376', true],
    ['tcp://docker:2376', false],
    ['tcp://10.0.0.1:2375', false],
    ['ssh://user:secret@build.example', false],
  ];
  for (const [endpoint, usable] of endpoints) {
    it(`${usable ? 'takes' : 'does not take'} an engine at ${endpoint}`, () => {
      const finding = engineFinding({ ...engine, endpoint }, debianRoot, {});
      expect(finding.state).to.equal(usable ? 'found' : 'missing');
      expect(JSON.stringify(finding)).to.not.include('secret');
    });
  }
  it('takes the limits of inotify that Linux has by default', () => {
    expect(inotifyFinding({ inotify: { instances: 128, watches: 8192 } }).state).to.equal('found');
    expect(inotifyFinding({ inotify: undefined }).state).to.equal('found');
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
      engineFinding(none, { families: [], root: false }, {}),
      engineFinding({ ...engine, podman: true }, debianRoot, {}),
      engineFinding({ ...none, podman: true }, debianRoot, {}),
      engineFinding({ ...engine, rootless: true }, debianRoot, {}),
      engineFinding({ ...engine, endpoint: 'tcp://docker:2375' }, debianRoot, {}),
      inotifyFinding({ inotify: { instances: 64, watches: 524_288 } }),
      inotifyFinding({ inotify: { instances: 512, watches: 4096 } }),
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
