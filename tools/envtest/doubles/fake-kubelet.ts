import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PODS, type Pod } from '@backendai-e2e/kube/builtin-resources';
import type { Resource } from '@backendai-e2e/kube/object';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { until } from '../waits/until.ts';

const NODES: Resource = { apiVersion: 'v1', kind: 'Node', plural: 'nodes' };

/** A request of the API server for the log of a container. */
export interface LogRequest {
  pod: string;
  container: string;
  previous: boolean;
}

/** A node of the control plane whose kubelet serves container logs and nothing else. */
export class FakeKubelet {
  readonly node: string;
  readonly #plane: ControlPlane;
  readonly #server: Server;
  /** By "<pod>/<container>", with "/previous" for the container before a restart. */
  readonly #logs = new Map<string, string>();
  readonly asked: LogRequest[] = [];
  /** Answer every request with 500. */
  broken = false;

  constructor(plane: ControlPlane, server: Server, node: string) {
    this.#plane = plane;
    this.#server = server;
    this.node = node;
    server.on('request', (request, response) => {
      const url = new URL(request.url ?? '/', 'https://kubelet');
      const [, what, , pod = '', container = ''] = url.pathname.split('/');
      const previous = url.searchParams.get('previous') === 'true';
      const log = this.#logs.get(`${pod}/${container}${previous ? '/previous' : ''}`);
      this.asked.push({ pod, container, previous });
      if (this.broken) {
        response.writeHead(500).end('the kubelet failed, as the test asked');
        return;
      }
      if (what !== 'containerLogs' || log === undefined) {
        response.writeHead(404).end(`no log of container ${container} in pod ${pod}`);
        return;
      }
      const lines = Number(url.searchParams.get('tailLines') ?? Number.POSITIVE_INFINITY);
      const bytes = Number(url.searchParams.get('limitBytes') ?? Number.POSITIVE_INFINITY);
      const recent = linesSince(log, url.searchParams.get('sinceTime'));
      const tail = Number.isFinite(lines)
        ? `${recent.trimEnd().split('\n').slice(-lines).join('\n')}\n`
        : recent;
      response.writeHead(200).end(Buffer.from(tail).subarray(0, bytes));
    });
  }

  /** Sets the log of a container. `previous` means the container before its restart. */
  log(pod: Pod, container: string, text: string, previous = false): void {
    this.#logs.set(`${pod.metadata.name}/${container}${previous ? '/previous' : ''}`, text);
  }

  /** Plays the scheduler: binds a pod to this node. */
  async bind(pod: Pod): Promise<void> {
    const { name, namespace = '' } = pod.metadata;
    const target = { apiVersion: 'v1', kind: 'Node', name: this.node };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
    await this.#plane.client().createSubresource(PODS, { namespace, name }, 'binding', binding);
  }

  /** Cuts every connection, and closes the port. */
  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** The lines of a log since a time. Returns all lines when they do not begin with a timestamp. */
function linesSince(log: string, since: string | null): string {
  if (since === null || !/^\d{4}-\d{2}-\d{2}T/.test(log)) return log;
  const lines = log.trimEnd().split('\n');
  const found = lines.filter((line) => Date.parse(line.split(' ', 1)[0] ?? '') >= Date.parse(since));
  return found.length > 0 ? `${found.join('\n')}\n` : '';
}

/** Starts a kubelet and registers its node. It serves the API server's own certificate, which the API server does not verify. */
export async function startKubelet(plane: ControlPlane): Promise<FakeKubelet> {
  const node = plane.uniqueName('node');
  const file = (name: string) => readFileSync(join(plane.folder, 'certificates', name));
  const server = createServer({ cert: file('apiserver.crt'), key: file('apiserver.key') });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = plane.client();
  await client.create(NODES, { metadata: { name: node } });
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
  const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } };
  await client.mergePatch(NODES, { name: node }, { status }, { subresource: 'status' });
  await until('the node exists', () => client.get(NODES, { name: node }));
  return new FakeKubelet(plane, server, node);
}
