import { HISTORY_VERSION } from './record.ts';

/** Makes a record of the next version from one of a version. It may rely on what that version promised, and nothing else. */
export type Upgrade = (older: Record<string, unknown>) => Record<string, unknown>;

/** The upgrade from each older version. */
const UPGRADES: Readonly<Record<number, Upgrade>> = {};

/** A record of a later version than this program knows. It stays as it is in every copy. */
export class NewerVersion extends Error {
  override readonly name = 'NewerVersion';
}

/**
 * A record in the form of the newest version.
 * @param steps the upgrade from each older version
 * @throws NewerVersion, or an Error if the version is no version
 */
export function upgraded(
  record: Record<string, unknown>,
  steps: Readonly<Record<number, Upgrade>> = UPGRADES,
  newest: number = HISTORY_VERSION,
): Record<string, unknown> {
  const { version } = record;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new Error('its version is no whole number from 1');
  }
  if (version > newest) {
    throw new NewerVersion(
      `it has version ${version}, and this command knows ${newest}: use a newer command`,
    );
  }
  let current = record;
  for (let from = version; from < newest; from += 1) {
    const step = steps[from];
    if (!step) throw new Error(`there is no upgrade from version ${from}`);
    current = { ...step(current), version: from + 1 };
  }
  return current;
}
