import { corePath } from '@backendai-e2e/kube/request';
import type { RestApi } from '@backendai-e2e/kube/rest-client';
import { type LiveDrawing, type LiveView, liveDrawing, livePage } from '@backendai-e2e/page/live-page';
import type { KnownSuite } from '@backendai-e2e/page/model/build-page';
import type { PageLog } from '@backendai-e2e/page/model/data/page-data';
import type { Proof } from '@backendai-e2e/page/model/data/proof-data';
import { packLog } from '@backendai-e2e/page/model/text/log-block';
import type { HistoryRecord } from '@backendai-e2e/results/history/record';
import { type ContainerLog, containersOf } from '../collect/cluster-logs.ts';
import type { SeenRun } from './live-run.ts';
import { type ClusterNames, nextCommands } from './next-commands.ts';
import type { ShownPage } from './ui-server.ts';

/** What the live page shows besides the run. */
export interface LiveViewOptions {
  client: Pick<RestApi, 'text'>;
  /** Folder that keeps what is expensive to make. */
  cacheDir: string;
  names: ClusterNames;
  catalog: ReadonlyMap<string, KnownSuite>;
  /** What speaks for the results. */
  proof?: Proof;
  /** Records of other runs. */
  history: readonly HistoryRecord[];
  /** What could not be read before the run was followed, a sentence each. */
  missing: readonly string[];
}

/** Lines and bytes of the end of a log that the page shows. */
const LOG = { lines: 5_000, bytes: 4 * 1024 * 1024 } as const;

const WITHOUT_LOGS =
  'Logs are read on demand, so their lines do not count for the first causes. For a page with them, run "./e2e report".';

/** The page of a run as it is now. Each change of the run makes it again. */
export class LiveRunView implements ShownPage {
  readonly #options: LiveViewOptions;
  readonly #drawing: LiveDrawing;
  readonly #first = Promise.withResolvers<void>();
  readonly #calls = new Set<() => void>();
  #view: LiveView | undefined;
  #seen: SeenRun | undefined;
  #json = '';
  #version = 0;

  private constructor(options: LiveViewOptions, drawing: LiveDrawing) {
    this.#options = options;
    this.#drawing = drawing;
  }

  /** Makes a view without a run yet. Builds the parts of the page that are the same for every run. */
  static async open(options: LiveViewOptions): Promise<LiveRunView> {
    return new LiveRunView(options, await liveDrawing(options.cacheDir));
  }

  /** Resolves when there is a page to show. */
  get ready(): Promise<void> {
    return this.#first.promise;
  }

  get version(): number {
    return this.#version;
  }

  /** Takes what was seen of the run. */
  show(seen: SeenRun): void {
    const { catalog, history, missing, names, proof } = this.#options;
    const { snapshot, surroundings } = seen;
    this.#seen = seen;
    const file = { run: snapshot.run, reports: snapshot.reports, events: [], ...surroundings };
    const logs = logsOf(seen);
    this.#view = livePage(file, {
      ...{ catalog, history },
      ...(proof ? { proof } : {}),
      pageLogs: logs.map(
        (log, place): PageLog => ({ id: idOf(place), source: sourceOf(log), omittedBytes: 0 }),
      ),
      missing: [...missing, WITHOUT_LOGS],
      live: { commands: nextCommands(snapshot, names) },
    });
    const json = JSON.stringify(this.#view.data);
    if (json === this.#json) return;
    this.#json = json;
    this.#version += 1;
    this.#first.resolve();
    for (const call of this.#calls) call();
  }

  html(): { html: string; policy: string } {
    const { data } = this.#shown();
    return { html: this.#drawing.html(data), policy: this.#drawing.policy(data) };
  }

  data(): string {
    return this.#json;
  }

  /** A text of the page, or the end of a log. Reads it now, with the reader's rights, and masks secrets. */
  async text(id: string, signal: AbortSignal): Promise<string | undefined> {
    const text = this.#shown().texts.get(id);
    const seen = this.#seen;
    if (text !== undefined || !seen) return text;
    const log = logsOf(seen).find((_, place) => idOf(place) === id);
    if (!log) return undefined;
    const { namespace, pod, container, previous } = log;
    const query = {
      ...{ container, previous, timestamps: true },
      ...{ tailLines: LOG.lines, limitBytes: LOG.bytes },
    };
    const read = await this.#options.client.text(corePath(namespace, 'pods', pod, 'log'), query, signal);
    return packLog(seen.secrets.mask(read));
  }

  onChange(call: () => void): () => void {
    this.#calls.add(call);
    return () => this.#calls.delete(call);
  }

  #shown(): LiveView {
    if (!this.#view) throw new Error('the run was not seen yet');
    return this.#view;
  }
}

function logsOf({ pods }: SeenRun): Omit<ContainerLog, 'text'>[] {
  return pods.flatMap(containersOf);
}

function idOf(place: number): string {
  return `log-${place}`;
}

function sourceOf({ namespace, pod, container, previous }: Omit<ContainerLog, 'text'>): string {
  return `${namespace}/${pod}/${container}${previous ? '.previous' : ''}`;
}
