import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { API_VERSION } from '@backendai-e2e/api/group';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import type { RunFile } from '@backendai-e2e/results/run-file';
import type { Page } from 'playwright-core';
import { readDefects } from '../defects/defect-list.ts';
import { readFailures } from '../defects/failures.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
/** Seconds that each failed test takes. */
const EACH = 10;
/** Share of the failures whose component must be among the first two causes of the page. */
const SHARE = 0.9;

type Reports = RunFile['reports'][number][];

/**
 * Writes the folder of a run in which every planted defect fails a test, with the real errors of suites/defect-failures-tried.json.
 * The id of each test, with which its permanent link ends, is the name of the defect.
 */
export async function writeDefectRun(folder: string): Promise<void> {
  const failures = await readFailures();
  const catalog = await readCatalog(PROJECT_ROOT);
  const components = new Set([
    ...readDefects().map(({ component }) => component),
    ...catalog.flatMap(({ needs = [] }) => needs),
  ]);
  const suites = [...new Set(failures.map(({ suite }) => suite))];
  const reports: Reports = suites.map((suite, place) => {
    const from = START + place * 1000;
    const own = failures.filter((each) => each.suite === suite);
    return {
      ...{ apiVersion: API_VERSION, kind: 'TestReport' },
      metadata: { name: `defects-${place}`, namespace: 'backendai-e2e' },
      spec: { run: 'planted-defects', suite, attempt: 1, environment: 'e2e' },
      status: {
        ...{ startedAt: iso(from), finishedAt: iso(from + own.length * EACH * 1000), final: true },
        ...{ verdict: 'Failed', seconds: own.length * EACH },
        tests: own.map(({ name, title, error }, index) => ({
          ...{ id: name, file: suite, title, state: 'failed', error },
          ...{ startedAt: iso(from + index * EACH * 1000), seconds: EACH },
        })),
      },
    };
  });
  const total = failures.length;
  const content: RunFile = {
    run: {
      ...{ apiVersion: API_VERSION, kind: 'TestRun' },
      metadata: { name: 'planted-defects', namespace: 'backendai-e2e' },
      spec: { environmentRef: { name: 'e2e' } },
      status: {
        ...{ verdict: 'Failed', startedAt: iso(START), finishedAt: iso(START + 1_000_000) },
        counts: { total, passed: 0, failed: total, pending: 0, interrupted: 0 },
        suites: reports.map(({ metadata, spec, status }) => ({
          ...{ name: spec.suite, state: 'Finished', attempt: 1, report: metadata.name, verdict: 'Failed' },
          ...(status?.seconds === undefined ? {} : { seconds: status.seconds }),
        })),
      },
    },
    reports,
    tested: {
      environments: [
        {
          name: 'e2e',
          status: {
            namespace: 'bai-e2e',
            components: [...components].map((name) => ({
              ...{ name, workload: `Deployment/${name}`, ready: 1, desired: 1, restarts: 0 },
            })),
          },
        },
      ],
      images: [],
      command: { version: '0.0.0' },
    },
  };
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'run.json'), JSON.stringify(content));
}

/** How often the page names the component with the defect first, and among its first two causes. */
export interface CausesSeen {
  defects: number;
  first: number;
  firstTwo: number;
  wrong: string[];
}

/** Reads the first causes from the page itself, as a reader would. */
export async function causesSeen(page: Page): Promise<CausesSeen> {
  const shown = await page.locator('article.failure').evaluateAll((all) =>
    all.map((article) => ({
      defect: article.id.split('__').at(-1) ?? '',
      causes: [...article.querySelectorAll('.causes > li > b')].map(({ textContent }) => textContent),
    })),
  );
  let [defects, first, firstTwo] = [0, 0, 0];
  const defectsByName = new Map(readDefects().map((defect) => [defect.name, defect.component]));
  for (const { defect, causes } of shown) {
    const component = defectsByName.get(defect);
    if (component === undefined) continue;
    defects += 1;
    const place = causes.indexOf(component);
    if (place === 0) first += 1;
    if (place === 0 || place === 1) firstTwo += 1;
  }
  const share = defects === 0 ? 0 : firstTwo / defects;
  const percent = `${(share * 100).toFixed(1)} %`;
  return {
    ...{ defects, first, firstTwo },
    wrong:
      share >= SHARE
        ? []
        : [`the component with the defect is among the first two causes in only ${percent}`],
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
