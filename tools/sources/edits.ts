import type { Change } from '../defects/defect-list.ts';

/** The file of a module below the folder that holds `ai`, as "ai/backend/manager/server.py". */
export function fileOfModule(module: string): string {
  return `${module.replaceAll('.', '/')}.py`;
}

/** The text with the change of a defect. @throws Error where it does not occur as often as it should */
export function changedText(text: string, { name, replace, with: instead, times }: Change): string {
  const parts = text.split(replace);
  const found = parts.length - 1;
  if (found === times) return parts.join(instead);
  throw new Error(`${name}: the module holds the text ${found} times, not ${times} times`);
}

/** What a commit of a made history changes. */
export interface MadeCommit {
  subject: string;
  /** Relative to `src`. */
  file: string;
  /** Undefined: the commit adds a comment. */
  change?: Change;
}

/** Files that commits without a defect touch in turn: a change of several components. */
const HARMLESS = [
  'ai.backend.storage.server',
  'ai.backend.manager.server',
  'ai.backend.agent.server',
  'ai.backend.web.server',
  'ai.backend.common.utils',
];

/**
 * A history with one commit that plants a defect, all others add comments.
 * @param guilty number of that commit, from 1
 */
export function madeHistory(commits: number, guilty: number, change: Change): MadeCommit[] {
  return Array.from({ length: commits }, (_, index): MadeCommit => {
    if (index + 1 === guilty)
      return { subject: `Plant ${change.name}`, file: fileOfModule(change.module), change };
    const module = HARMLESS[index % HARMLESS.length] ?? 'ai.backend.common.utils';
    return { subject: `Comment on ${module}, ${index + 1}`, file: fileOfModule(module) };
  });
}

/** The requirements.txt of a checkout with these packages: name → version of all third-party ones. */
export function requirementsOf(packages: readonly { name: string; version: string }[]): string {
  return packages
    .filter(({ name }) => !name.startsWith('backend-ai-'))
    .map(({ name, version }) => `${name}==${version}\n`)
    .join('');
}
