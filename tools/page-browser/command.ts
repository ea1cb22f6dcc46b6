import { access, cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { writeRunPage } from '@backendai-e2e/cli/page/run-page';
import { table } from '@backendai-e2e/cli/terminal/table';
import { NoBrowser, startBrowser } from './browser.ts';
import { lookAt } from './checks.ts';
import { liveWorks } from './live-checks.ts';
import { writeMadeHistory } from './made-history.ts';
import { type Shape, writeMadeRun } from './made-runs.ts';

/** Folder of the pages and the screenshots. */
const OUT = 'out/test-ui';
/** Results of real runs that a machine may have. */
const USUAL = ['out/e2e', 'out/staging'];

const SMALL = { suites: 24, testsPerSuite: 8, logLines: 500 };
/** Bytes of a page besides its data: it travels with every run. */
const MOST_BYTES = 600_000;
/** Runs in the history of each page. */
const PAST_RUNS = 200;
const MADE: Readonly<Record<string, Shape & { past?: number }>> = {
  green: { ...SMALL, failing: [], faults: false, hostile: false },
  red: { ...SMALL, failing: [3, 11], faults: true, hostile: false },
  hostile: { ...SMALL, failing: [3], faults: true, hostile: true },
  past: {
    suites: 45,
    testsPerSuite: 10,
    logLines: 100,
    failing: [11],
    faults: false,
    hostile: false,
    past: 1_000,
  },
  large: { suites: 50, testsPerSuite: 20, logLines: 12_500, failing: [11, 30], faults: true, hostile: false },
};

/**
 * `tools/dev test-ui`: opens pages of made and real runs in a real browser, and checks what a person would notice. Returns
 * 1 if something is wrong, 2 without a browser.
 * @param runs folders of real runs, besides those of out/
 */
export async function testUiCommand(runs: readonly string[]): Promise<number> {
  const out = path.join(PROJECT_ROOT, OUT);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  try {
    browser = await startBrowser();
  } catch (error) {
    if (!(error instanceof NoBrowser)) throw error;
    console.error(`test-ui: ${error.message}`);
    return error.code;
  }
  const rows: string[][] = [];
  let wrong = 0;
  try {
    for (const [name, folder] of await subjects(out, runs)) {
      const history = path.join(out, 'history', name);
      await writeMadeHistory(folder, history, MADE[name]?.past ?? PAST_RUNS);
      const { file, bytes, dataBytes } = await writeRunPage(folder, { history });
      const looked = await lookAt(browser, { name, file, shots: out });
      if (bytes - dataBytes > MOST_BYTES)
        looked.wrong.push(`without data, it has ${bytes - dataBytes} bytes`);
      for (const sentence of looked.wrong) console.error(`test-ui: ${name}: ${sentence}`);
      wrong += looked.wrong.length;
      rows.push([
        name,
        `${Math.round((bytes - dataBytes) / 1000)} kB`,
        `${Math.round(dataBytes / 1000)} kB`,
        `${looked.openMs} ms`,
        looked.logsMs === undefined ? '–' : `${looked.logsMs} ms`,
        String(looked.wrong.length),
      ]);
    }
    const live = await liveWorks(browser, { name: 'live', file: '', shots: out });
    for (const sentence of live) console.error(`test-ui: live: ${sentence}`);
    wrong += live.length;
    rows.push(['live', '–', '–', '–', '–', String(live.length)]);
  } finally {
    await browser.close();
  }
  console.log(table(['page', 'size', 'data', 'open', 'logs', 'wrong'], rows).join('\n'));
  console.log(`screenshots are in ${OUT}`);
  return wrong > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
}

/** Name and folder of each page. Real runs are copied: their folders stay as they are. */
async function subjects(out: string, runs: readonly string[]): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const [name, shape] of Object.entries(MADE)) {
    const folder = path.join(out, 'pages', name);
    await writeMadeRun(folder, shape);
    found.push([name, folder]);
  }
  const usual = USUAL.map((folder) => path.join(PROJECT_ROOT, folder));
  for (const [index, folder] of [...runs.map((run) => path.resolve(run)), ...usual].entries()) {
    const there = await access(path.join(folder, 'run.json')).then(
      () => true,
      () => false,
    );
    if (!there) {
      if (index < runs.length) throw new Error(`${folder} has no run.json: name a folder that a run wrote`);
      continue;
    }
    const copy = path.join(out, 'pages', `real-${index + 1}`);
    await cp(folder, copy, { recursive: true });
    found.push([`real-${index + 1}`, copy]);
  }
  return found;
}
