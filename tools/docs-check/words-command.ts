/**
 * Checks the words of documents, CRDs, test titles, messages and comments: `node tools/docs-check/words-command.ts [file…]`. With
 * files, only those. Exit code 1 for a finding.
 */
import { findingsByFile } from './words-files.ts';

const only = process.argv.slice(2);
let count = 0;
for (const [file, findings] of findingsByFile()) {
  if (only.length > 0 && !only.includes(file)) continue;
  for (const { line, message } of findings) console.log(`${file}:${line}: ${message}`);
  count += findings.length;
}
if (count > 0) console.log(`words: ${count} findings`);
process.exitCode = count > 0 ? 1 : 0;
