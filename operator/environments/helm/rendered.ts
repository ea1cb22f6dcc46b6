import { HelmError } from './helm.ts';

/** Aliases of YAML that one document may resolve: a chart has none, and a few can grow to gigabytes. */
const MOST_ALIASES = 100;

/** The objects that helm rendered. Throws HelmError for text that is not YAML: its effect is unknown. */
export async function renderedObjects(manifest: string): Promise<unknown[]> {
  // Loaded on use: only an installation needs it.
  const { parseAllDocuments } = await import('yaml');
  try {
    return parseAllDocuments(manifest).map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS({ maxAliasCount: MOST_ALIASES });
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new HelmError('helm template', `what the chart renders to is no YAML: ${why}`, false);
  }
}
