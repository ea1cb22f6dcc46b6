import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { CHART } from '../../rendering/backend-ai.ts';

/** Starts start.py with its folders and its etcd elsewhere. */
const RUN = `
import os, pathlib, sys
import start
start.TEMPLATES, start.CONFIGURATION = pathlib.Path(os.environ["TEMPLATES"]), pathlib.Path(os.environ["CONFIGURATION"])
start.ETCD = os.environ["ETCD"]
start.main(sys.argv[1:])
`;

const PROGRAM = `
import gc, json, sys
print("PROGRAM", json.dumps([sys.argv[1:], "shop" in sys.modules, gc.isenabled(), __name__]))
`;

/** A double of prometheus_client that prints its values. */
const GAUGE = `
import os
looks = 0
class Gauge:
    def __init__(self, name, documentation, multiprocess_mode): self.name = name
    def set(self, value):
        global looks
        print(self.name, os.getpid(), value, flush=True)
        looks += 1
`;

/** Forks, and opens files in the child between two looks at them. */
const FORKS = `
import os, time
print("parent", os.getpid(), flush=True)
if os.fork() == 0:
    import prometheus_client
    def await_looks(number):
        while prometheus_client.looks < number: time.sleep(0.01)
    await_looks(1)
    files = [open(os.devnull) for _ in range(20)]
    await_looks(prometheus_client.looks + 2)
    os._exit(0)
os.wait()
`;

describe('charts/backend-ai/files/scripts/start.py', function () {
  this.timeout(180_000);
  let folder: string;
  let etcd: Server;
  let asked: string[];
  /** What etcd says next; the last answer stays. */
  let says: { status: number; body: unknown }[];

  const base64 = (text: string) => Buffer.from(text).toString('base64');

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-start-'));
    for (const name of ['templates', 'configuration', 'packages']) await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, 'packages/shop.py'), 'print("shop is imported", flush=True)\n');
    await writeFile(path.join(folder, 'program.py'), PROGRAM);
    asked = [];
    says = [{ status: 200, body: {} }];
    etcd = createServer(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      asked.push(`${request.url} ${body}`);
      const answer = says.length > 1 ? says.shift() : says[0];
      response.writeHead(answer?.status ?? 500).end(JSON.stringify(answer?.body));
    });
    await new Promise<void>((resolve) => void etcd.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    etcd.closeAllConnections();
    await new Promise((resolve) => void etcd.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const address = () => `http://127.0.0.1:${(etcd.address() as AddressInfo).port}`;

  async function start(args: string[], env: Record<string, string | undefined> = {}) {
    return execa('python3', ['-c', RUN, ...args], {
      reject: false,
      timeout: 50_000,
      env: {
        PYTHONPATH: [path.join(CHART, 'files/scripts'), path.join(folder, 'packages')].join(path.delimiter),
        PYTHONDONTWRITEBYTECODE: '1',
        TEMPLATES: path.join(folder, 'templates'),
        CONFIGURATION: path.join(folder, 'configuration'),
        ETCD: address(),
        BOOTSTRAP_ID: 'this-release',
        ...env,
      },
    });
  }

  const program = () => path.join(folder, 'program.py');

  it('writes the configuration with the values of its variables, whatever characters they hold', async () => {
    await writeFile(path.join(folder, 'templates/one.toml'), 'a = "@NAME@"\nb = "@NAME@@OTHER_2@ x@y.z"\n');
    const ended = await start(['--', program(), 'x'], { NAME: 'n&\\1"', OTHER_2: '@NAME@' });
    expect(ended.stdout).to.equal('PROGRAM [["x"], false, true, "__main__"]');
    const written = await readFile(path.join(folder, 'configuration/one.toml'), 'utf8');
    expect(written).to.equal('a = "n&\\1""\nb = "n&\\1"@NAME@ x@y.z"\n');
  });

  it('names the variable that is missing, and starts nothing', async () => {
    await writeFile(path.join(folder, 'templates/one.toml'), '@NOT_GIVEN@');
    const ended = await start(['--', program()]);
    expect(ended.exitCode).to.equal(1);
    expect(ended.stderr).to.contain('one.toml: no environment variable NOT_GIVEN');
    expect(ended.stdout).not.to.contain('PROGRAM');
  });

  it('imports first, then waits until the bootstrap of this release is past the stage', async () => {
    const key = base64('/backend-ai-chart/bootstrap/database');
    says = [
      { status: 503, body: {} },
      { status: 200, body: {} },
      { status: 200, body: { kvs: [{ key, value: base64('another-release') }] } },
      { status: 200, body: { kvs: [{ key, value: base64('this-release') }] } },
    ];
    const args = ['--import', 'shop', '--stage', 'database', '--', program(), '-f', 'file'];
    const { stdout } = await start(args);
    expect(stdout.split('\n')).to.deep.equal([
      'shop is imported',
      'start.py: waiting for stage database of the bootstrap Job: HTTP Error 503: Service Unavailable',
      'PROGRAM [["-f", "file"], true, true, "__main__"]',
    ]);
    const wanted = `/v3/kv/range {"key": "${key}"}`;
    expect(asked).to.deep.equal([wanted, wanted, wanted, wanted]);
  });

  it('waits for the stage of any release without BOOTSTRAP_ID', async () => {
    const key = base64('/backend-ai-chart/bootstrap/config');
    says = [
      { status: 200, body: {} },
      { status: 200, body: { kvs: [{ key, value: base64('another-release') }] } },
    ];
    const { stdout } = await start(['--stage', 'config', '--', program()], { BOOTSTRAP_ID: undefined });
    expect(stdout).to.include('waiting for stage config').and.include('PROGRAM');
    expect(asked).to.have.length(2);
  });

  it('prepares the metrics before anything is imported', async () => {
    const metrics = path.join(folder, 'packages/ai/backend/common/metrics');
    await mkdir(metrics, { recursive: true });
    const setup = 'def setup_prometheus_multiprocess_dir(component):\n    print(f"metrics of {component}")\n';
    await writeFile(path.join(metrics, 'multiprocess_setup.py'), setup);
    const { stdout } = await start(['--import', 'shop', '--metrics', 'manager', '--', program()]);
    expect(stdout.split('\n').slice(0, 2)).to.deep.equal(['metrics of manager', 'shop is imported']);
  });

  it('reports the open files of each process that is forked', async () => {
    const metrics = path.join(folder, 'packages/ai/backend/common/metrics');
    await mkdir(metrics, { recursive: true });
    await writeFile(
      path.join(metrics, 'multiprocess_setup.py'),
      'def setup_prometheus_multiprocess_dir(component): pass\n',
    );
    await writeFile(path.join(folder, 'packages/prometheus_client.py'), GAUGE);
    await writeFile(path.join(folder, 'program.py'), FORKS);
    const { stdout } = await start(['--metrics', 'manager', '--', program()]);
    const shown = stdout.split('\n').filter((line) => line.startsWith('backendai_e2e_open_files'));
    const [, , few = 0] = shown[0]?.split(' ').map(Number) ?? [];
    const [, , many = 0] = shown.at(-1)?.split(' ').map(Number) ?? [];
    expect(many - few, stdout).to.be.within(20, 25);
    const parent = /^parent (\d+)$/m.exec(stdout)?.[1];
    expect(parent).to.match(/^\d+$/);
    expect(shown.map((line) => line.split(' ')[1])).not.to.include(parent);
  });

  it('starts a release without such metrics', async () => {
    const { stdout } = await start(['--metrics', 'manager', '--', program()]);
    expect(stdout).to.contain('start.py: this release has no ai');
    expect(stdout).to.contain('PROGRAM');
  });

  it('waits until an address answers with a success', async () => {
    says = [
      { status: 500, body: {} },
      { status: 200, body: {} },
    ];
    const { stdout } = await start(['--answers', `${address()}/status`, '--', program()]);
    expect(stdout).to.match(/waiting for .*\/status: HTTP Error 500/);
    expect(asked).to.deep.equal(['/status ', '/status ']);
  });

  it('starts a release that lacks one of the modules', async () => {
    const { stdout } = await start(['--import', 'shop.till', '--import', 'shop', '--', program()]);
    expect(stdout).to.contain('start.py: this release has no shop.till');
    expect(stdout).to.contain('PROGRAM [[], true, true, "__main__"]');
  });

  it('refuses an option that it does not know, and a program that is not there', async () => {
    expect((await start(['--wait', 'x', '--', program()])).stderr).to.contain('unknown option --wait');
    expect((await start(['--', 'no-such-program'])).stderr).to.contain('no program no-such-program');
  });
});
