import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Fault } from '@backendai-e2e/api/fault';
import { API_VERSION, LABELS } from '@backendai-e2e/api/group';
import { FAULTS } from '@backendai-e2e/api/resources';
import { isForbidden } from '@backendai-e2e/kube/api-error';
import { LEASES } from '@backendai-e2e/kube/builtin-resources';
import type { KubeObject } from '@backendai-e2e/kube/object';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestClient } from '@backendai-e2e/kube/rest-client';
import { clockOf, closerClocks, errorOf, type RenewedLease } from '@backendai-e2e/results/clocks';
import type { SeenClock, SeenLease } from '@backendai-e2e/results/cluster-record';
import type { RunFile } from '@backendai-e2e/results/run-file';
import { seenEvent, seenPod } from '@backendai-e2e/results/seen-objects';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { environmentsIn, type Snapshot } from '../runs/follow.ts';
import type { ClusterLogs, Pod } from './cluster-logs.ts';

/** What run.json holds besides the run, its reports and the deeds of the command. */
export type Surroundings = Required<Pick<RunFile, 'faults' | 'cluster' | 'tested'>>;

/** Looks at clocks that seem wrong. */
export interface ClockLooks {
  /** Default 3. */
  most?: number;
  /** Milliseconds between two looks. Default 11 s, after which a node has renewed its Lease. */
  pauseMs?: number;
}

/** Namespace of the Leases of nodes (KEP-589). */
const NODE_LEASES = 'kube-node-lease';
const LOOKS = 3;
const RENEWAL_MS = 11_000;

/** Labels of pods whose images are what tested, not what was tested. */
const TESTING: ReadonlySet<string> = new Set(['operator', 'suite']);

interface Lease extends KubeObject {
  spec?: {
    holderIdentity?: string;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/**
 * Reads the faults of a run and the leases of its namespaces, and joins them with what was collected. What cannot be read
 * is named in `cluster.missing`: a user may lack the right to read leases.
 */
export async function readSurroundings(
  client: Pick<RestClient, 'get'>,
  seen: Snapshot,
  collected: Pick<ClusterLogs, 'pods' | 'events' | 'troubles'>,
  namespaces: readonly string[],
  signal: AbortSignal,
  clockLooks: ClockLooks = {},
): Promise<Surroundings> {
  const missing = [...collected.troubles];
  const list = async <T>(what: string, at: string, mayBeForbidden = false): Promise<T[]> => {
    try {
      return (await client.get<KubeList<T>>(at, {}, signal)).items;
    } catch (error) {
      signal.throwIfAborted();
      if (mayBeForbidden && isForbidden(error)) return [];
      missing.push(`cannot read ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  };
  const own = new Set(seen.reports.map(({ metadata }) => metadata.name));
  const namespace = seen.run?.metadata.namespace ?? namespaces[0] ?? '';
  const faults = await list<Fault>(`the faults of ${namespace}`, pathOf(FAULTS, { namespace }));
  const leases: Lease[] = [];
  for (const each of namespaces) {
    leases.push(...(await list<Lease>(`the leases of ${each}`, pathOf(LEASES, { namespace: each }))));
  }
  const at = pathOf(LEASES, { namespace: NODE_LEASES });
  const clocks = await readClocks(
    () => list<RenewedLease>('the clocks of the nodes', at, true),
    clockLooks,
    signal,
  );
  return {
    faults: faults
      .filter(({ metadata }) => own.has(metadata.labels?.[LABELS.report] ?? ''))
      .map((fault) => ({ ...fault, apiVersion: API_VERSION, kind: 'Fault' })),
    cluster: {
      events: collected.events.map(seenEvent),
      pods: collected.pods.map(seenPod),
      leases: leases.map(seenLease),
      clocks,
      missing,
    },
    tested: {
      environments: environmentsIn(seen).map(({ metadata, status }) => ({
        name: metadata.name,
        ...(status ? { status } : {}),
      })),
      images: imagesOf(collected.pods),
      command: await commandVersion(),
    },
  };
}

/**
 * The clocks of the nodes. One that looks wrong is looked at again: a renewal may have been under way for long. A node renews its
 * Lease every 10 s.
 */
async function readClocks(
  look: () => Promise<RenewedLease[]>,
  { most = LOOKS, pauseMs = RENEWAL_MS }: ClockLooks,
  signal: AbortSignal,
): Promise<SeenClock[]> {
  let clocks: SeenClock[] = [];
  for (let looks = 1; ; looks += 1) {
    const seen = (await look()).flatMap((lease) => clockOf(lease) ?? []);
    clocks = closerClocks(clocks, seen);
    if (looks >= most || clocks.every((clock) => errorOf(clock) === 0)) return clocks;
    await delay(pauseMs, undefined, { signal });
  }
}

function seenLease({ metadata, spec }: Lease): SeenLease {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    holder: spec?.holderIdentity ?? '',
    ...(spec?.acquireTime ? { acquiredAt: spec.acquireTime } : {}),
    ...(spec?.renewTime ? { renewedAt: spec.renewTime } : {}),
    transitions: spec?.leaseTransitions ?? 0,
  };
}

/** The images of the operator and of suites, each once. */
function imagesOf(pods: readonly Pod[]): { component: string; image: string; imageId: string }[] {
  const found = pods.flatMap((pod) => {
    const isSuite = pod.metadata.labels?.[LABELS.suite] !== undefined;
    const component = isSuite ? 'suite' : (pod.metadata.labels?.['app.kubernetes.io/component'] ?? '');
    if (!TESTING.has(component)) return [];
    return seenPod(pod).containers.map(({ image, imageId }) => ({ component, image, imageId }));
  });
  return [...new Map(found.map((one) => [`${one.component} ${one.imageId || one.image}`, one])).values()];
}

/** The version of the command, and the commit where it runs from a checkout of Git. */
async function commandVersion(): Promise<{ version: string; commit?: string }> {
  const { version }: { version: string } = JSON.parse(
    await readFile(path.join(PROJECT_ROOT, 'package.json'), 'utf8'),
  );
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: PROJECT_ROOT });
    return { version, commit: stdout.trim() };
  } catch {
    // A copy without Git has a version only.
    return { version };
  }
}
