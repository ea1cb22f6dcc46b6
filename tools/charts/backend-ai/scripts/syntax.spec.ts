import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CHART } from '../../rendering/backend-ai.ts';

describe('charts/backend-ai', () => {
  it('has scripts that a shell can parse', async () => {
    const folder = path.join(CHART, 'files/scripts');
    const scripts = (await readdir(folder)).filter((name) => name.endsWith('.sh'));
    expect(scripts).to.include('manager.sh');
    for (const name of scripts) await promisify(execFile)('sh', ['-n', path.join(folder, name)]);
  });
});
