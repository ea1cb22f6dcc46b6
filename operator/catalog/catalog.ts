import { readFile } from 'node:fs/promises';
import { API_VERSION, FIELD_MANAGERS } from '@backendai-e2e/api/group';
import { TEST_SUITES } from '@backendai-e2e/api/resources';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Log } from '@backendai-e2e/controller/log';
import type { KubeClient } from '@backendai-e2e/kube/client';
import { isRecord } from '@backendai-e2e/kube/is-record';
import type { Intent } from '@backendai-e2e/kube/object';
import { isName } from '@backendai-e2e/kube/request';

/** Label of every TestSuite of the catalog. A labelled suite that is no longer in the catalog is deleted. */
const CATALOG_LABEL = 'app.kubernetes.io/managed-by';
const CATALOG_VALUE = 'backendai-e2e-catalog';

/** The catalog's file is invalid. */
export class CatalogError extends Error {
  override readonly name = 'CatalogError';
}

/** One suite in the catalog's file, which the chart writes. */
interface CatalogEntry {
  name: string;
  labels: Record<string, string>;
  spec: TestSuite['spec'];
}

/**
 * Reads the catalog: a YAML list of {name, labels, spec}. The API server checks the specs.
 * Throws CatalogError with the file and what is wrong.
 */
async function readCatalog(path: string): Promise<CatalogEntry[]> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CatalogError(`${path} cannot be read: ${error.message}`);
  });
  return suitesOf(await parsed(text), path);
}

/** The suites of a catalog that was parsed. Throws CatalogError with the file and the entry. */
export function suitesOf(content: unknown, path: string): CatalogEntry[] {
  if (!Array.isArray(content)) throw new CatalogError(`${path} does not hold a list of suites`);
  return content.map((entry: unknown, index) => {
    if (!isEntry(entry)) {
      throw new CatalogError(
        `${path}: entry ${index + 1} needs a name and a spec, and its labels must be texts`,
      );
    }
    return { name: entry.name, labels: entry.labels ?? {}, spec: entry.spec };
  });
}

/** The chart writes JSON. A file written by hand may be YAML, whose library needs 3 MiB once it is loaded. */
async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: YAML, or an error that its parser explains.
    const { parse } = await import('yaml');
    return parse(text);
  }
}

function isEntry(value: unknown): value is Omit<CatalogEntry, 'labels'> & Partial<CatalogEntry> {
  if (!isRecord(value) || typeof value.name !== 'string' || !isName(value.name)) return false;
  const { labels = {}, spec } = value;
  return (
    isRecord(labels) && Object.values(labels).every((each) => typeof each === 'string') && isRecord(spec)
  );
}

/**
 * Stores the TestSuites of the catalog. The chart cannot contain them: Helm refuses a release with objects of a kind that the
 * same release defines.
 */
export class Catalog {
  readonly #with: { client: KubeClient; namespace: string; path: string; log: Log };
  #stored: Promise<void> | undefined;

  constructor(dependencies: { client: KubeClient; namespace: string; path: string; log: Log }) {
    this.#with = dependencies;
  }

  /** Resolves when the catalog is stored. The first call stores it; a call after a failure tries again. */
  stored(signal: AbortSignal): Promise<void> {
    this.#stored ??= this.store(signal).catch((error: unknown) => {
      this.#stored = undefined;
      throw error;
    });
    return this.#stored;
  }

  /** Applies every TestSuite of the catalog, and deletes those of an earlier catalog. */
  async store(signal: AbortSignal): Promise<void> {
    const { client, namespace, path, log } = this.#with;
    const entries = await readCatalog(path);
    const options = { fieldManager: FIELD_MANAGERS.operator, force: true, signal };
    for (const { name, labels, spec } of entries) {
      const suite: Intent<TestSuite> = {
        apiVersion: API_VERSION,
        metadata: { name, namespace, labels: { ...labels, [CATALOG_LABEL]: CATALOG_VALUE } },
        spec,
      };
      await client.apply(TEST_SUITES, suite, options);
    }
    const names = new Set(entries.map(({ name }) => name));
    const labelSelector = `${CATALOG_LABEL}=${CATALOG_VALUE}`;
    const { items } = await client.list(TEST_SUITES, { namespace, labelSelector }, { signal });
    for (const { metadata } of items.filter((suite) => !names.has(suite.metadata.name))) {
      await client.delete(TEST_SUITES, { namespace, name: metadata.name }, { uid: metadata.uid, signal });
      log.info({ suite: metadata.name }, 'deleted a suite that is no longer in the catalog');
    }
    log.info({ suites: entries.length }, 'the catalog is stored');
  }
}
