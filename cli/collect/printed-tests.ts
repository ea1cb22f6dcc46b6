import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { partsOf } from '@backendai-e2e/api/artifact-key';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import type { ContainerLog } from './cluster-logs.ts';

/**
 * The tests that the pod of each attempt printed, by the name of its TestReport and Job. A pod that
 * printed nothing never started the runner, so it is left out.
 * @param reports of the run: their suite files distinguish the line of a file from a word that a test printed
 */
export function printedTests(
  logs: readonly ContainerLog[],
  run: string,
  reports: readonly TestReport[],
): Map<string, ObservedTest[]> {
  return new Map(
    logs
      // The pod that undoes the changes of an attempt belongs to the run, but is no attempt.
      .filter(({ labels }) => labels[LABELS.run] === run && labels[LABELS.attempt] !== undefined)
      .filter((log) => !log.previous && log.text !== '')
      .map((log) => {
        const name = log.labels['batch.kubernetes.io/job-name'] ?? log.pod;
        return [
          name,
          testsIn(
            log.text,
            reports.find(({ metadata }) => metadata.name === name),
          ),
        ];
      }),
  );
}

const unpack = promisify(gunzip);
/** Artifact with the whole output of an attempt's pod. */
const OUTPUT = 'suite.log';

/**
 * Adds the tests of attempts whose pods are gone, from the outputs that the operator archived before. A pod lasts only a
 * while after its suite, so in a long run most outputs come from there. An output that was shortened is left out.
 * @param printed by the name of the TestReport; gets the missing ones
 * @param folder of the fetched artifacts, whose SHA-256 was checked
 * @param fetched files in it: `<report>/<file>`
 * @param reports as they are after the archiving
 */
export async function addArchived(
  printed: Map<string, ObservedTest[]>,
  folder: string,
  fetched: readonly { file: string }[],
  reports: readonly TestReport[],
): Promise<void> {
  const there = new Set(fetched.map(({ file }) => file));
  for (const report of reports) {
    const { name } = report.metadata;
    const output = report.status?.artifacts?.find((artifact) => artifact.name === OUTPUT);
    const parts = output && partsOf(output.key);
    if (printed.has(name) || !parts || parts.omittedBytes > 0) continue;
    const file = path.join(name, parts.file);
    if (!there.has(file)) continue;
    const text = (await unpack(await readFile(path.join(folder, file)))).toString('utf8');
    if (text !== '') printed.set(name, testsIn(text, report));
  }
}

function testsIn(text: string, report: TestReport | undefined): ObservedTest[] {
  const files = report?.status?.tests?.map(({ file }) => file);
  return readPrintedTests(text, files && new Set(files));
}
