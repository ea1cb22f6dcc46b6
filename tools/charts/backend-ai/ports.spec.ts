import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import { CHART } from '../rendering/backend-ai.ts';

const CONFIG = path.join(CHART, 'files/config');
/** The first port that Linux gives to outgoing connections (net.ipv4.ip_local_port_range). */
const FIRST_OUTGOING = 32_768;

describe('the ports of charts/backend-ai', () => {
  it('are none that an outgoing connection may take first', async () => {
    const found: [where: string, port: number][] = [];
    for (const file of await readdir(CONFIG)) {
      const text = await readFile(path.join(CONFIG, file), 'utf8');
      for (const [, key = '', value] of text.matchAll(/([\w-]*port)\s*=\s*(\d+)/g)) {
        found.push([`${file}: ${key}`, Number(value)]);
      }
    }
    // The agent's own default is one of them.
    expect(found.map(([where]) => where)).to.include.members([
      'agent.toml: metadata-server-port',
      'manager.toml: port',
    ]);
    expect(found.filter(([, port]) => port >= FIRST_OUTGOING)).to.deep.equal([]);
  });
});
