import { setTimeout as delay } from 'node:timers/promises';
import { command, tryCommand } from '../machine/command.ts';
import { isAlive } from '../machine/lock.ts';
import { type Provision, ProvisionError } from '../machine/provision.ts';

/** A node image made from another by importing images into its containerd. */
export interface Bake {
  from: string;
  to: string;
  /** References that the engine holds. */
  images: string[];
  /** Shell commands run in the container first. */
  commands: string[];
  entrypoint: string[];
  /** label → value */
  labels: Record<string, string>;
  log: string;
}

const CONTAINER_PREFIX = 'backendai-e2e-bake-';
const CONTAINERD_SECONDS = 30;

/** Bash: $1 is the container, the rest are references. One archive for all: layers that images share are saved once. */
const SAVE_INTO_CONTAINER =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the shell
  'docker save "${@:2}" | docker exec -i "$1" ctr -n k8s.io images import --no-unpack --digests -';

/**
 * Imports images into a container of a node image and commits it.
 *
 * The container is a plain one, not a kind node: kind puts a volume on /var, and volumes are not committed. Images are not
 * unpacked: that happens when the first pod asks for them, and an unpacked image would be stored twice.
 */
export async function bake(p: Provision, plan: Bake): Promise<void> {
  await removeAbandoned(p);
  const name = `${CONTAINER_PREFIX}${process.pid}`;
  try {
    const run = ['run', '-d', '--privileged', '--name', name, '--entrypoint', 'sleep', plan.from, 'infinity'];
    // Not interrupted: the engine would go on, and the container appear after its removal below.
    await command(p, 'docker', run, { signal: AbortSignal.timeout(60_000) });
    for (const shell of plan.commands) await command(p, 'docker', ['exec', name, 'sh', '-euc', shell]);
    if (plan.images.length > 0) await importImages(p, name, plan);
    await command(
      p,
      'docker',
      [
        'commit',
        '--change',
        `ENTRYPOINT ${JSON.stringify(plan.entrypoint)}`,
        '--change',
        'CMD []',
        ...Object.entries(plan.labels).flatMap(([label, value]) => [
          '--change',
          `LABEL ${label}=${JSON.stringify(value)}`,
        ]),
        name,
        plan.to,
      ],
      { timeoutSeconds: 900 },
    );
  } finally {
    // Not the provision's signal: after Ctrl-C the container has to go as well.
    await tryCommand(p, 'docker', ['rm', '-f', '-v', name], {
      timeoutSeconds: 120,
      signal: AbortSignal.timeout(120_000),
    });
  }
}

async function importImages(p: Provision, name: string, plan: Bake): Promise<void> {
  await command(p, 'docker', [
    'exec',
    '-d',
    name,
    'sh',
    '-c',
    'echo $$ > /run/bake.pid; exec containerd > /run/bake.log 2>&1',
  ]);
  await untilContainerdAnswers(p, name);
  await command(p, 'bash', ['-o', 'pipefail', '-c', SAVE_INTO_CONTAINER, 'bash', name, ...plan.images], {
    timeoutSeconds: 1_200,
    log: plan.log,
  });
  await command(
    p,
    'docker',
    [
      'exec',
      name,
      'sh',
      '-euc',
      'pid=$(cat /run/bake.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done; rm -rf /run/bake.* /run/containerd',
    ],
    { timeoutSeconds: 60 },
  );
}

async function untilContainerdAnswers(p: Provision, name: string): Promise<void> {
  const deadline = Date.now() + CONTAINERD_SECONDS * 1_000;
  while ((await tryCommand(p, 'docker', ['exec', name, 'ctr', 'version'])) === undefined) {
    if (Date.now() > deadline) {
      const log = await tryCommand(p, 'docker', ['exec', name, 'tail', '-n', '5', '/run/bake.log']);
      throw new ProvisionError(
        `containerd in ${name} did not answer within ${CONTAINERD_SECONDS} s. Its last lines: ${log ?? '(none)'}`,
        'See whether this Docker engine can run privileged containers.',
      );
    }
    await delay(200, undefined, { signal: p.signal });
  }
}

/** Removes the containers of runs that were killed before they could do it. */
async function removeAbandoned(p: Provision): Promise<void> {
  const names = await command(p, 'docker', [
    'ps',
    '-a',
    '--filter',
    `name=^${CONTAINER_PREFIX}`,
    '--format',
    '{{.Names}}',
  ]);
  for (const name of names.split('\n').filter(Boolean)) {
    if (!isAlive(Number(name.slice(CONTAINER_PREFIX.length)))) {
      await tryCommand(p, 'docker', ['rm', '-f', '-v', name], { timeoutSeconds: 120 });
    }
  }
}
