import { mkdir, readFile, rm } from 'node:fs/promises';
import type { Component } from '@backendai-e2e/api/components';
import { buildImages } from '@backendai-e2e/cli/images/build';
import { proxyArgs } from '@backendai-e2e/cli/images/docker';
import { command } from '@backendai-e2e/cli/machine/command';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import { VERSIONS } from '@backendai-e2e/cli/machine/versions';
import type { Change } from '../defects/defect-list.ts';
import { fileOfModule } from './edits.ts';

/** Seconds to download one wheel and to change it. */
const DOWNLOAD_SECONDS = 300;
const PROGRAM = new URL('./changed_wheel.py', import.meta.url);
/** Bash: $1 is the folder, the rest is the command that writes a tar. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the shell
const UNPACK = '"${@:2}" | tar --extract --no-same-owner --directory "$1"';

/** Fills a folder with the wheel of a component of the pinned release, with one of its modules changed. */
export async function makeWheels(
  folder: string,
  component: Component,
  change: Change,
  p: Provision,
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const image = (await buildImages(['uv'], p)).uv;
  const proxies = Object.entries(proxyArgs(process.env)).map(([name, value]) => `--env=${name}=${value}`);
  const run = ['docker', 'run', '--rm', '--interactive', ...proxies, image, 'python3', '-c'];
  const program = [await readFile(PROGRAM, 'utf8'), `backend.ai-${component}`, VERSIONS.backendAi];
  const { replace, with: instead, times } = change;
  await command(p, 'bash', ['-o', 'pipefail', '-c', UNPACK, 'bash', folder, ...run, ...program], {
    input: JSON.stringify({ file: fileOfModule(change.module), replace, with: instead, times }),
    timeoutSeconds: DOWNLOAD_SECONDS,
  });
}
