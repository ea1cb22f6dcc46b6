import { ProvisionError } from '../machine/provision.ts';

/** One Backend.AI of a matrix. */
export interface Column {
  /** The value of --backend-ai. */
  backendAi: string;
  /** Whether its result leaves the exit code alone. */
  informational: boolean;
  /** Folder of its results below out/matrix. */
  folder: string;
}

/**
 * Reads the lists of `e2e matrix`. Commas separate the columns; where one of them is a list by component, semicolons do.
 * @param pinned the release of versions.json, which always decides
 * @throws ProvisionError for fewer than two columns, one that occurs twice, or an informational one that cannot be
 */
export function columnsOf(versions: string, informational: string | undefined, pinned: string): Column[] {
  const values = listOf(versions);
  if (values.some((value) => /^[\w-]+=/.test(value)) && !versions.includes(';')) {
    throw new ProvisionError(
      `--versions (VERSIONS) has a list by component, and commas between its columns: "${versions}".`,
      'Separate the columns by semicolons: "26.9.0;manager=26.9.6,agent=26.9.0".',
    );
  }
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) {
    throw new ProvisionError(
      `--versions (VERSIONS) names ${twice} twice.`,
      'Give each Backend.AI one column.',
    );
  }
  if (values.length < 2) {
    throw new ProvisionError(
      '--versions (VERSIONS) has fewer than two columns.',
      'Name several, as 26.8.3,26.9.0,26.9.6. For one, use BACKENDAI= of make e2e-kind.',
    );
  }
  const spared = informational === undefined ? [] : listOf(informational);
  const strange = spared.find((value) => !values.includes(value));
  if (strange !== undefined) {
    throw new ProvisionError(
      `--informational (INFORMATIONAL) names ${strange}, which is no column.`,
      `Name some of these: ${values.join(', ')}.`,
    );
  }
  if (spared.includes(pinned)) {
    throw new ProvisionError(
      `--informational (INFORMATIONAL) names ${pinned}, the pinned release.`,
      'Take it out of the list: the pinned release always decides.',
    );
  }
  return values.map((backendAi, index) => ({
    backendAi,
    informational: spared.includes(backendAi),
    folder: `${index + 1}-${backendAi.replace(/[^\w.-]+/g, '_').slice(-60)}`,
  }));
}

function listOf(text: string): string[] {
  return text
    .split(text.includes(';') ? ';' : ',')
    .map((value) => value.trim())
    .filter((value) => value !== '');
}
