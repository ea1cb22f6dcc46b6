/**
 * Checks the words of all that people read: `node tools/docs-check/words-command.ts [file…]`. With files, only those.
 * `--all` shows the files that are not rewritten yet, too; `--narrow` takes those that pass off that list. Exit code 1
 * for a finding.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { findingsByFile, PENDING_FILE, pendingFiles } from './words-files.ts';

const args = process.argv.slice(2);
const only = args.filter((arg) => !arg.startsWith('--'));
const found = findingsByFile();
if (args.includes('--narrow')) {
  const left = pendingFiles().filter((file) => found.has(file));
  const head = '# Not rewritten yet: the words check leaves these out. Shorten this list, never lengthen it.';
  writeFileSync(path.join(PROJECT_ROOT, PENDING_FILE), `${[head, ...left].join('\n')}\n`);
}
const pending = new Set(args.includes('--all') || only.length > 0 ? [] : pendingFiles());
let count = 0;
for (const [file, findings] of found) {
  if (pending.has(file) || (only.length > 0 && !only.includes(file))) continue;
  for (const { line, message } of findings) console.log(`${file}:${line}: ${message}`);
  count += findings.length;
}
if (pending.size > 0) console.log(`words: ${pending.size} files are not checked yet (${PENDING_FILE})`);
if (count > 0) console.log(`words: ${count} findings`);
process.exitCode = count > 0 ? 1 : 0;
