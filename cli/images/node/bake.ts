import { setTimeout as delay } from 'node:timers/promises';
import { command, tryCommand } from '../../machine/command.ts';
import { isAlive } from '../../machine/lock.ts';
import { type Provision, ProvisionError } from '../../machine/provision.ts';
import { SETS_MOUNT, SETS_OPTIONS } from './containerd-set.ts';

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
  /** The images go, unpacked, into the set of this key; without it, packed, into the node image itself. */
  set?: string;
}

const CONTAINER_PREFIX = 'backendai-e2e-bake-';
const CONTAINERD_SECONDS = 30;

/** Bash: $1 is the container, $2 an option, the rest are references. One archive: layers that images share are saved once. */
const SAVE_INTO_CONTAINER =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the shell
  'docker save "${@:3}" | docker exec -i "$1" ctr -n k8s.io images import $2 --digests -';
/** Shell: unpacks the images that the node image itself brings, which an import does not touch. */
const UNPACK_OWN = `ctr -n k8s.io images ls | awk 'NR > 1 { print $3 }' | sort -u |
  while read -r digest; do ctr -n k8s.io snapshots unpack "$digest" > /run/bake-unpack.log 2>&1 || { cat /run/bake-unpack.log >&2; exit 1; }; done`;

/**
 * Imports images into a container of a node image and commits it.
 *
 * The container is no kind node. kind puts a volume on /var, and volumes are not committed. Images of a
 * set are unpacked here, once, and not by each cluster (see containerd-set.ts).
 */
export async function bake(p: Provision, plan: Bake): Promise<void> {
  await removeAbandoned(p);
  const name = `${CONTAINER_PREFIX}${process.pid}`;
  try {
    const volume = plan.set === undefined ? [] : SETS_OPTIONS;
    const sleep = ['--entrypoint', 'sleep', plan.from, 'infinity'];
    const run = ['run', '-d', '--privileged', '--name', name, ...volume, ...sleep];
    // Not interrupted: the engine would continue, and the container would appear after its removal below.
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
    // Not the provision's signal: the container must be removed after Ctrl-C, too.
    await tryCommand(p, 'docker', ['rm', '-f', '-v', name], {
      timeoutSeconds: 120,
      signal: AbortSignal.timeout(120_000),
    });
  }
}

async function importImages(p: Provision, name: string, plan: Bake): Promise<void> {
  const inside = (shell: string, timeoutSeconds = 60) =>
    command(p, 'docker', ['exec', name, 'sh', '-euc', shell], { timeoutSeconds });
  const sets = `${SETS_MOUNT}/sets`;
  const root = plan.set === undefined ? '/var/lib/containerd' : `${sets}/${plan.set}.new`;
  if (plan.set !== undefined) {
    await inside(`mkdir -p ${sets}; rm -rf ${sets}/*.new; cp -a /var/lib/containerd ${root}`, 300);
  }
  const start = `echo $$ > /run/bake.pid; exec containerd --root ${root} > /run/bake.log 2>&1`;
  await command(p, 'docker', ['exec', '-d', name, 'sh', '-c', start]);
  await untilContainerdAnswers(p, name);
  const pack = plan.set === undefined ? '--no-unpack' : '';
  await command(
    p,
    'bash',
    ['-o', 'pipefail', '-c', SAVE_INTO_CONTAINER, 'bash', name, pack, ...plan.images],
    {
      timeoutSeconds: 1_200,
      log: plan.log,
    },
  );
  if (plan.set !== undefined) await inside(UNPACK_OWN, 600);
  await inside(
    'pid=$(cat /run/bake.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done; rm -rf /run/bake* /run/containerd',
  );
  // The older sets go: clusters have copies of their own.
  if (plan.set !== undefined) {
    const kept = `${sets}/${plan.set}`;
    await inside(
      `find ${sets} -mindepth 1 -maxdepth 1 ! -path ${root} -exec rm -rf {} +; mv ${root} ${kept}`,
      300,
    );
  }
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

/** Removes the containers of runs that were killed before they removed them. */
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
