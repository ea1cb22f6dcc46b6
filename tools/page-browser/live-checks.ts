import path from 'node:path';
import { LiveRunView } from '@backendai-e2e/cli/ui/live-view';
import { UiServer } from '@backendai-e2e/cli/ui/ui-server';
import { readRunFile } from '@backendai-e2e/results/run-file';
import type { Browser } from 'playwright-core';
import { watch } from './browser.ts';
import { axe } from './checks.ts';
import { madeRun } from './made-runs.ts';
import { STEP_MS, type Subject, shoot } from './shots.ts';

const SHAPE = { suites: 12, testsPerSuite: 6, logLines: 0, failing: [11], faults: true, hostile: false };
const LOG_LINE = '2026-01-01T01:00:01.000000000Z <img src=x onerror=alert(1)> \u001b[31m red\u001b[0m';

/**
 * Opens a live page and lets a suite fail while it is open. The result must appear without a reload, and what the reader had
 * opened must stay open.
 */
export async function liveWorks(browser: Browser, subject: Subject): Promise<string[]> {
  const wrong: string[] = [];
  const view = await LiveRunView.open({
    client: { text: async () => LOG_LINE },
    cacheDir: path.join(subject.shots, 'cache'),
    ...{ history: [], missing: [], catalog: new Map() },
    names: { namespace: 'backendai-e2e' },
  });
  view.show(seenWith(SHAPE.suites - 1));
  const server = new UiServer(view);
  const url = await server.start();
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(STEP_MS);
  try {
    const page = await context.newPage();
    const misdeeds = watch(page, new URL(url).origin);
    await page.goto(url);
    await page.waitForSelector('html[data-alive]');
    await page.locator('.live [role=status]', { hasText: 'Live' }).waitFor();
    const suites = page.locator('section:has(#suites) tbody');
    const before = await suites.count();
    await suites.first().locator('summary').click();
    await page.evaluate('document.documentElement.dataset.mark = "kept"');

    view.show(seenWith(SHAPE.suites));
    await page.locator('article.failure').first().waitFor();
    if ((await suites.count()) !== before + 1) wrong.push('a new suite does not appear while it runs');
    if ((await page.locator('html[data-mark=kept]').count()) !== 1)
      wrong.push('a new result reloads the page');
    if ((await suites.first().locator('details[open]').count()) !== 1)
      wrong.push('a new result closes what the reader opened');

    await page.getByText('Commands for this run').click();
    if (!(await page.locator('.live code', { hasText: 'e2e logs' }).isVisible()))
      wrong.push('the commands for a failed suite are not shown');
    await shoot(page, subject, 'desk');
    await page.getByRole('button', { name: 'Show the logs', exact: true }).click();
    await page.locator('.log-line').first().waitFor();
    if ((await page.locator('.log img').count()) > 0) wrong.push('a log line became markup');
    wrong.push(...(await axe(page, 'live')));
    wrong.push(...misdeeds.list.map((what) => `the page ${what}`));
    await server.stop();
    await page.locator('.live [role=status]', { hasText: 'connection is lost' }).waitFor();
  } finally {
    await context.close();
    await server.stop();
  }
  return wrong;
}

/** The made run after its first suites. */
function seenWith(count: number) {
  const file = readRunFile(JSON.stringify(madeRun(SHAPE)), 'made');
  const { run, faults, cluster } = file;
  const reports = file.reports.slice(0, count);
  const names = new Set(reports.map(({ metadata }) => metadata.name));
  const status = {
    ...run.status,
    suites: run.status?.suites?.filter(({ report }) => names.has(report ?? '')),
  };
  const tested = file.tested ?? { environments: [], images: [], command: { version: '0.0.0' } };
  const pod = {
    metadata: { name: 'manager-0', namespace: 'bai-e2e' },
    spec: { containers: [{ name: 'manager' }] },
    status: { containerStatuses: [{ name: 'manager', restartCount: 0, state: { running: {} } }] },
  };
  return {
    snapshot: { run: { ...run, status: { ...status, suites: status.suites ?? [] } }, reports },
    surroundings: { faults, cluster, tested },
    pods: [pod],
    secrets: { mask: (text: string) => text },
  };
}
