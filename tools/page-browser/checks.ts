import AxeBuilder from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Misdeeds, watch } from './browser.ts';
import { chartsExplain, failuresHavePast } from './chart-checks.ts';
import { causesSeen } from './defect-run.ts';
import { gridWorks } from './history-checks.ts';
import { printsWhole } from './print-checks.ts';
import { STEP_MS, type Subject, shoot, shootPart } from './shots.ts';

/** What the checks of a page found. */
export interface Looked {
  /** Milliseconds until the page could be used. */
  openMs: number;
  /** Milliseconds until the logs were drawn, where there are logs. */
  logsMs?: number;
  /** A sentence for each thing that is wrong. */
  wrong: string[];
}

const DESK = { viewport: { width: 1280, height: 900 } } as const;
/** A name of a row is at least so wide, unless it is short, in CSS pixels. */
const LEAST_NAME = 60;
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 } as const;

/** Opens a page in each way: wide, dark, narrow, on paper, without scripts, and with the keyboard alone. */
export async function lookAt(browser: Browser, subject: Subject): Promise<Looked> {
  const wrong: string[] = [];
  const times: Omit<Looked, 'wrong'> = { openMs: 0 };
  await at(browser, subject, DESK, wrong, async (page, openMs) => {
    times.openMs = openMs;
    // First of all: what was clicked or shown before decides where Tab goes on.
    wrong.push(...(await keyboardReaches(page)));
    await page.evaluate('scrollTo(0, 0)');
    await shoot(page, subject, 'desk');
    await shootPart(page, subject, 'failures');
    await shootPart(page, subject, 'suites');
    await shootPart(page, subject, 'gantt');
    await shootPart(page, subject, 'timeline');
    wrong.push(...(await chartsExplain(page)), ...(await failuresHavePast(page)));
    wrong.push(...(await failuresOpen(page)), ...(await faultsBesideFailure(page, subject)));
    if (subject.name === 'defects') {
      const { defects, first, firstTwo, wrong: few } = await causesSeen(page);
      console.log(
        `first causes of ${defects} planted defects: ${first} first, ${firstTwo} among the first two`,
      );
      wrong.push(...few);
    }
    wrong.push(...(await gridWorks(page, subject)));
    const logsMs = await openLogs(page, subject, wrong);
    if (logsMs !== undefined) times.logsMs = logsMs;
    wrong.push(...(await axe(page, 'light')));
  });
  await at(browser, subject, { ...DESK, colorScheme: 'dark' }, wrong, async (page) => {
    await shoot(page, subject, 'dark');
    await shootPart(page, subject, 'history', 'grid-dark');
    wrong.push(...(await axe(page, 'dark')));
  });
  await at(browser, subject, PHONE, wrong, async (page) => {
    await shoot(page, subject, 'phone');
    await shootPart(page, subject, 'history', 'grid-phone');
    const wide = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    if (Number(wide) > 0) wrong.push(`on a phone, the page is ${wide} pixels too wide`);
    const broken = await page.locator('tbody th').evaluateAll(
      (all, least) =>
        all.flatMap((each) => {
          const { width } = each.getBoundingClientRect();
          const text = each.textContent ?? '';
          return width > 0 && width < least && text.length > 8 ? [text] : [];
        }),
      LEAST_NAME,
    );
    if (broken.length > 0)
      wrong.push(`on a phone, ${broken.length} names of rows are narrower than a word: ${broken[0]}`);
  });
  wrong.push(...(await printsWhole(browser, subject)));
  wrong.push(...(await withoutScript(browser, subject)));
  return { ...times, wrong };
}

async function at(
  browser: Browser,
  subject: Subject,
  options: BrowserContextOptions,
  wrong: string[],
  body: (page: Page, openMs: number) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  const misdeeds: Misdeeds = watch(page);
  const before = performance.now();
  await page.goto(`file://${subject.file}`, { timeout: STEP_MS });
  await page.waitForSelector('html[data-alive]');
  await body(page, Math.round(performance.now() - before));
  await context.close();
  wrong.push(...misdeeds.list.map((what) => `the page ${what}`));
}

/** A permanent link opens its failure, and the failure shows its error. */
async function failuresOpen(page: Page): Promise<string[]> {
  const anchors = await page.locator('article.failure').evaluateAll((all) => all.map(({ id }) => id));
  const last = anchors.at(-1);
  if (last === undefined) return [];
  await page.evaluate(`location.hash = ${JSON.stringify(last)}`);
  const seen = await page.locator(`#${last} pre.error`).first().isVisible();
  return seen ? [] : [`the permanent link #${last} does not show its error`];
}

/** A failure in whose time a fault was in force shows its band. A screenshot shows it. */
async function faultsBesideFailure(page: Page, subject: Subject): Promise<string[]> {
  if ((await page.locator('section:has(> #timeline) .band-in-force').count()) === 0) return [];
  const chart = page.locator('article.failure .chart:has(.band-in-force)').first();
  if ((await chart.count()) === 0)
    return (await page.locator('article.failure .chart').count()) === 0
      ? []
      : ['no failure shows a fault that was in force'];
  await chart.evaluate((element) => element.closest('article')?.scrollIntoView());
  await shoot(page, subject, 'failure-with-fault');
  const measured = (await chart.locator('.latency').count()) > 0;
  if (measured && (await chart.locator('.shades rect').count()) === 0)
    return ['times beside a failure have no fault behind them'];
  const labels = await chart.locator('xpath=.').textContent();
  return /\+[\d.]+ (s|min)|not healed/.test(labels ?? '') ? [] : ['a fault band has no seconds of recovery'];
}

/** Tab reaches the parts of the page, and Enter follows them. */
async function keyboardReaches(page: Page): Promise<string[]> {
  const focused = page.locator('nav a:focus', { hasText: 'Suites' });
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused.count()) > 0) {
      await page.keyboard.press('Enter');
      return page.url().endsWith('#suites') ? [] : ['Enter on a link of the navigation does not follow it'];
    }
  }
  return ['Tab does not reach the navigation'];
}

/** Opens the logs, searches them, and looks for links that a log line made. */
async function openLogs(page: Page, subject: Subject, wrong: string[]): Promise<number | undefined> {
  const button = page.getByRole('button', { name: 'Show the logs', exact: true });
  if ((await button.count()) === 0) return undefined;
  const before = performance.now();
  await button.click();
  await page.locator('.log-line').first().waitFor();
  const logsMs = Math.round(performance.now() - before);
  const search = page.locator('section:has(#logs) input[type=search]');
  const count = page.locator('section:has(#logs) output');
  const all = await count.textContent();
  await search.fill('no line has this text');
  await page.locator('section:has(#logs) output', { hasText: /^0 lines$/ }).waitFor();
  await search.fill('');
  await page.locator('section:has(#logs) output', { hasText: all ?? '' }).waitFor();
  wrong.push(...(await logsFollowTime(page)), ...(await timelineShowsLogs(page)));
  if ((await page.locator('.log a, .log img, .log script').count()) > 0)
    wrong.push('a log line became markup');
  await shootPart(page, subject, 'logs');
  return logsMs;
}

/** Whether an expression becomes true in the page. Its policy forbids what waitForFunction does: to evaluate a text again. */
async function becomesTrue(page: Page, expression: string): Promise<boolean> {
  const end = performance.now() + STEP_MS;
  while (!(await page.evaluate(expression))) {
    if (performance.now() > end) return false;
    await page.waitForTimeout(50);
  }
  return true;
}

/** The slider above the logs moves them to its time, and follows them when they are scrolled. */
async function logsFollowTime(page: Page): Promise<string[]> {
  const slider = page.locator('.log-strip input[type=range]');
  if ((await slider.count()) === 0) return ['the logs have no time to choose'];
  const sees = (what: string) => becomesTrue(page, `(() => { ${what} })()`);
  const box = `const box = document.querySelector('.log');`;
  if (await page.evaluate(`(() => { ${box} return box.scrollHeight <= box.clientHeight; })()`)) return [];
  const start = await slider.inputValue();
  await slider.focus();
  await page.keyboard.press('End');
  if (!(await sees(`${box} return box.scrollTop > 0;`)))
    return ['the slider above the logs does not move them'];
  // The list goes on to its target for some frames, so that one scroll against it may be lost.
  const follows = await sees(
    `${box} box.scrollTo(0, 0); return document.querySelector('.log-strip input').value === ${JSON.stringify(start)};`,
  );
  return follows ? [] : ['the slider above the logs does not follow them'];
}

/** A click on a time of the timeline, and the button of a change, move the logs there. */
async function timelineShowsLogs(page: Page): Promise<string[]> {
  const chart = page.locator('section:has(> #timeline) svg.timed');
  const slider = page.locator('.log-strip input[type=range]');
  if ((await chart.count()) === 0 || (await slider.count()) === 0) return [];
  const box = await chart.boundingBox();
  const isLong = `(() => { const box = document.querySelector('.log'); return box.scrollHeight > box.clientHeight; })()`;
  if (!box || !(await page.evaluate(isLong))) return [];
  const moved = async (how: '<' | '>', than: string, act: () => Promise<void>) => {
    await act();
    const test = `Number(document.querySelector('.log-strip input').value) ${how} ${Number(than)}`;
    return becomesTrue(page, test);
  };
  const start = await slider.inputValue();
  // Right of the middle: a run has lines before it.
  const at = { x: box.width * 0.75, y: box.height / 2 };
  if (!(await moved('>', start, () => chart.click({ position: at }))))
    return ['a click on the timeline does not show the logs of that time'];
  const list = page.locator('section:has(> #timeline) details:has(.moment)');
  if ((await list.count()) === 0) return [];
  await list.locator('summary').click();
  const later = await slider.inputValue();
  return (await moved('<', later, () => list.locator('.moment').first().click()))
    ? []
    : ['the time of a change does not show its logs'];
}

/** What axe finds on the page, a sentence each. Empty: nothing. */
export async function axe(page: Page, scheme: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(
    ({ id, nodes }) => `axe, ${scheme}: ${id} at ${nodes.length} places: ${nodes[0]?.html.slice(0, 160)}`,
  );
}

/** Without scripts, the page still has its suites and the errors of its failures. */
async function withoutScript(browser: Browser, subject: Subject): Promise<string[]> {
  const context = await browser.newContext({ ...DESK, javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`file://${subject.file}`, { timeout: STEP_MS });
  const suites = await page.locator('section:has(#suites) tbody').count();
  const buttons = await page.locator('button, input, [role=grid]').count();
  const hasPast = (await page.locator('#history').count()) > 0;
  const runs = await page.locator('section:has(> #history) tbody tr').count();
  await context.close();
  return [
    ...(suites > 0 ? [] : ['without scripts, the page has no suites']),
    ...(!hasPast || runs > 1 ? [] : ['without scripts, the page has no table of the last runs']),
    ...(buttons === 0 ? [] : ['without scripts, the page has controls that do nothing']),
  ];
}
