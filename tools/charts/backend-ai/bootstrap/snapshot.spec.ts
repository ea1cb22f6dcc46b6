import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { KERNEL_PATH } from '../../../../cli/images/table.ts';
import { CHART, E2E_VALUES, render, workloads } from '../../rendering/backend-ai.ts';

const HASH = `pbkdf2_sha256$1000$${'ab'.repeat(16)}$${'cd'.repeat(32)}`;
const STAND_INS = { 'admin.email': 'admin@snapshot.invalid', REGISTRY_NAME: '127.0.0.1:5000' };
const SQL = `INSERT INTO users VALUES ('admin@snapshot.invalid', '${HASH}', '127.0.0.1:5000/stable/python');`;

/** Prints what find() makes of the folder in argv[1]: null, or the SQL that it would send. */
const FIND = `
import json, os, pathlib, sys
import snapshot
snapshot.texts_of = lambda env: {"admin.email": json.loads(env["ACCOUNTS"])["admin"]["email"], "REGISTRY_NAME": env["REGISTRY_NAME"]}
folder = pathlib.Path(sys.argv[1])
if len(sys.argv) > 2:
    description = json.loads((folder / "snapshot.json").read_text())
    (folder / "snapshot.json").write_text(json.dumps({**description, "key": snapshot.key()}))
found = snapshot.find(os.environ, folder)
print("FOUND", json.dumps(found and [snapshot.replaced(found.sql["backend"], found.values), found.allowed_registries, found.max_sessions]))
`;

describe('the snapshot of the databases', function () {
  this.timeout(300_000);
  let folder: string;

  // The bootstrap's files beside stand-ins for the packages of Backend.AI that they import.
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-snapshot-'));
    await cp(path.join(CHART, 'files/bootstrap'), path.join(folder, 'bootstrap'), { recursive: true });
    await mkdir(path.join(folder, 'packages/ai/backend/manager'), { recursive: true });
    await writeFile(path.join(folder, 'packages/ai/backend/manager/__init__.py'), '__version__ = "26.9.6"\n');
    await writeFile(path.join(folder, 'packages/asyncpg.py'), 'Connection = Record = object\n');
    await mkdir(path.join(folder, 'snapshot'));
    await writeFile(path.join(folder, 'snapshot/backend.sql'), SQL);
    await writeFile(path.join(folder, 'snapshot/appproxy.sql'), '');
    const description = {
      key: 'k',
      texts: STAND_INS,
      hashes: { admin: HASH },
      image: `stable ${KERNEL_PATH}`,
    };
    await writeFile(path.join(folder, 'snapshot/snapshot.json'), JSON.stringify(description));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const admin = { email: 'me@here.test', password: 'of-mine', accessKey: 'A', secretKey: 'S' };

  async function find(options: { fits: boolean; env?: Record<string, string>; in?: string }) {
    const env = {
      PYTHONPATH: [path.join(folder, 'bootstrap'), path.join(folder, 'packages')].join(path.delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      ACCOUNTS: JSON.stringify({ admin }),
      REGISTRY_NAME: 'registry.mine:5000',
      REGISTRY_PROJECT: 'stable',
      KERNEL_IMAGE: `registry.mine:5000/${KERNEL_PATH}`,
      FURTHER_REGISTRIES: 'registry.mine:5001',
      MAX_SESSIONS: '7',
      ...options.env,
    };
    const args = ['-c', FIND, path.join(folder, options.in ?? 'snapshot'), ...(options.fits ? ['fits'] : [])];
    const { stdout } = await execa('python3', args, { env });
    const [said, found = ''] = stdout.split('FOUND ');
    return { said, found: JSON.parse(found) as [string, string[], number] | null };
  }

  it('gets the values of the installation in place of its stand-ins, and new hashes of its passwords', async () => {
    const { said, found } = await find({ fits: true });
    expect(said).to.equal('');
    const [sql = '', registries, sessions] = found ?? [];
    const hash = /'me@here.test', '(pbkdf2_sha256\$1000\$([0-9a-f]{32})\$[0-9a-f]{64})'/.exec(sql);
    expect(hash?.[2]).to.match(/^(?!abab)/);
    expect(sql).to.contain("'registry.mine:5000/stable/python'");
    expect(sql).not.to.contain('invalid').and.not.to.contain(HASH);
    expect(registries).to.deep.equal(['registry.mine:5000', 'registry.mine:5001']);
    expect(sessions).to.equal(7);
    const check =
      'import hashlib,sys; print(hashlib.pbkdf2_hmac("sha256", b"of-mine", bytes.fromhex(sys.argv[1]), 1000).hex())';
    const { stdout } = await execa('python3', ['-c', check, hash?.[2] ?? '']);
    expect(hash?.[1]).to.equal(`pbkdf2_sha256$1000$${hash?.[2]}$${stdout}`);
  });

  const unfit: Record<string, Parameters<typeof find>[0] & { says: RegExp }> = {
    'of another release or other files': { fits: false, says: /another release or other files/ },
    'of other accounts': {
      fits: true,
      env: { ACCOUNTS: JSON.stringify({ admin, user: admin }) },
      says: /other accounts/,
    },
    'with another kernel image': {
      fits: true,
      env: { KERNEL_IMAGE: 'registry.mine:5000/stable/r:1' },
      says: /another kernel image/,
    },
    'whose literals a value would end': {
      fits: true,
      env: { ACCOUNTS: JSON.stringify({ admin: { ...admin, email: "o'me@here.test" } }) },
      says: /quoted characters in admin.email/,
    },
    'that is not there': { fits: false, in: 'none', says: /no snapshot in this image/ },
  };
  for (const [what, { says, ...options }] of Object.entries(unfit)) {
    it(`is not used where there is one ${what}`, async () => {
      const { said, found } = await find(options);
      expect(found).to.equal(null);
      expect(said).to.match(says);
    });
  }

  it('is made with the kernel image of the chart', async () => {
    const job = workloads(await render('--values', E2E_VALUES)).find(({ kind }) => kind === 'Job');
    const variables = job?.pod.containers.find(({ name }) => name === 'bootstrap')?.env;
    expect(variables).to.deep.include({ name: 'KERNEL_IMAGE', value: `registry.ns:5000/${KERNEL_PATH}` });
    expect(variables).to.deep.include({ name: 'REGISTRY_PROJECT', value: 'stable' });
  });

  it('comes with an image of its own, which is optional', async () => {
    for (const [options, image] of [
      [[], 'test/backendAi:1'],
      [['--set', 'images.bootstrap=test/bootstrap:1'], 'test/bootstrap:1'],
    ] as const) {
      const job = workloads(await render(...options)).find(({ kind }) => kind === 'Job');
      expect(job?.pod.containers.find(({ name }) => name === 'bootstrap')?.image).to.equal(image);
      expect(job?.pod.initContainers?.[0]?.image).to.equal(image);
    }
  });
});
