import { access, cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import { writeRunPage } from '@backendai-e2e/cli/page/run-page';
import { table } from '@backendai-e2e/cli/terminal/table';
import { NoBrowser, startBrowser } from './browser.ts';
import { type Looked, lookAt } from './checks.ts';
import { writeDefectRun } from './defect-run.ts';
import { liveWorks } from './live-checks.ts';
import { writeMadeHistory } from './made-history.ts';
import { type Shape, writeMadeRun } from './made-runs.ts';
import { RECORDED, recordRun, writeRecordedRun } from './recorded-runs.ts';

/** Folder of the pages and the screenshots. */
const OUT = 'out/test-ui';
/** Results of real runs that a machine may have. */
const USUAL = ['out/e2e', 'out/staging'];

/** Name of the page with the failures of planted defects. */
const DEFECTS = 'defects';

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

/** What a developer chooses of `./tools/dev test-ui`. */
export interface TestUiOptions {
  /** Folders of real runs, besides those of out/. */
  run?: readonly string[];
  /** Names of the pages to open; empty for all. */
  only?: readonly string[];
  /** Folder of results to keep for this test, in place of opening pages. */
  record?: string;
}

/**
 * `tools/dev test-ui`: opens pages of recorded, real and made runs in a real browser, and checks what a person would notice.
 * Returns 1 if something is wrong, 2 without a browser.
 */
export async function testUiCommand({ run = [], only = [], ...options }: TestUiOptions): Promise<number> {
  if (options.record !== undefined) return record(options.record);
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
    for (const [name, folder] of await subjects(out, run)) {
      if (only.length > 0 && !only.includes(name)) continue;
      const history = path.join(out, 'history', name);
      await writeMadeHistory(folder, history, pastOf(name));
      const { file, bytes, dataBytes, programBytes } = await writeRunPage(folder, { history });
      const looked = await lookAt(browser, { name, file, shots: out }).catch(
        (error: unknown): Looked => ({ openMs: 0, wrong: [`the checks stopped: ${String(error)}`] }),
      );
      // A browser that is gone opens no further page: its figures would be those of no page.
      if (!browser.isConnected()) throw new Error(`the browser ended while it showed ${name}`);
      const textBytes = bytes - dataBytes - programBytes;
      if (bytes - dataBytes > MOST_BYTES)
        looked.wrong.push(
          `without its data, it has ${programBytes} bytes of program and ${textBytes} of text`,
        );
      for (const sentence of looked.wrong) console.error(`test-ui: ${name}: ${sentence}`);
      console.error(`test-ui: ${name}: opened in ${looked.openMs} ms, ${looked.wrong.length} wrong`);
      wrong += looked.wrong.length;
      rows.push([
        name,
        ...[programBytes, textBytes, dataBytes].map((each) => `${Math.round(each / 1000)} kB`),
        `${looked.openMs} ms`,
        looked.logsMs === undefined ? '–' : `${looked.logsMs} ms`,
        String(looked.wrong.length),
      ]);
    }
    if (only.length === 0 || only.includes('live')) {
      const live = await liveWorks(browser, { name: 'live', file: '', shots: out });
      for (const sentence of live) console.error(`test-ui: live: ${sentence}`);
      wrong += live.length;
      rows.push(['live', '–', '–', '–', '–', '–', String(live.length)]);
    }
  } finally {
    await browser.close();
  }
  console.log(table(['page', 'program', 'text', 'data', 'open', 'logs', 'wrong'], rows).join('\n'));
  console.log(`screenshots are in ${OUT}`);
  return wrong > 0 ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
}

async function record(folder: string): Promise<number> {
  const { file, bytes } = await recordRun(path.resolve(folder));
  console.log(`${path.relative(PROJECT_ROOT, file)} is written, ${Math.round(bytes / 1000)} kB`);
  return COMMAND_EXIT.passed;
}

/** Runs in the history of a page. A made digest of the past would be evidence that planted defects do not have. */
function pastOf(name: string): number {
  return name === DEFECTS ? 0 : (MADE[name]?.past ?? PAST_RUNS);
}

/** Name and folder of each page. Real runs are copied: their folders stay as they are. */
async function subjects(out: string, runs: readonly string[]): Promise<[string, string][]> {
  const found: [string, string][] = [];
  const folderOf = (name: string) => path.join(out, 'pages', name);
  for (const name of RECORDED) {
    await writeRecordedRun(folderOf(`recorded-${name}`), name);
    found.push([`recorded-${name}`, folderOf(`recorded-${name}`)]);
  }
  await writeDefectRun(folderOf(DEFECTS));
  found.push([DEFECTS, folderOf(DEFECTS)]);
  for (const [name, shape] of Object.entries(MADE)) {
    await writeMadeRun(folderOf(name), shape);
    found.push([name, folderOf(name)]);
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
    const name = `real-${index + 1}`;
    await cp(folder, folderOf(name), { recursive: true });
    found.push([name, folderOf(name)]);
  }
  return found;
}
