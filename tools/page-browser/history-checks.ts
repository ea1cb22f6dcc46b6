import type { Page } from 'playwright-core';
import { type Subject, shootPart } from './shots.ts';

/** Cells that may be drawn at once: a grid of 1,000 runs has 45,000. */
const MOST_CELLS = 8_000;

/** Opens the grid with the keyboard and compares a run with the one before. Looks for markup from a text. */
export async function gridWorks(page: Page, subject: Subject): Promise<string[]> {
  const grid = page.locator('[role=grid]');
  if ((await grid.count()) === 0) return [];
  const wrong: string[] = [];
  await shootPart(page, subject, 'history', 'grid');
  const rows = Number(await grid.getAttribute('aria-rowcount'));
  await grid.focus();
  for (const key of ['Home', 'Enter']) await page.keyboard.press(key);
  await page.locator('.grid-test').first().waitFor();
  if (Number(await grid.getAttribute('aria-rowcount')) <= rows) wrong.push('Enter on a suite shows no tests');
  for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  const compared = page.locator('section.compare');
  await compared.waitFor();
  if (!/Compared with/.test((await compared.textContent()) ?? '')) wrong.push('a cell compares nothing');
  const bad = page.locator('.grid-head .fill-bad');
  await ((await bad.count()) > 0 ? bad : page.locator('.grid-head [role=columnheader][aria-colindex="2"]'))
    .first()
    .click();
  await page.locator('section.compare h3', { hasText: 'All suites' }).waitFor();
  const active = await grid.getAttribute('aria-activedescendant');
  if (!active || (await page.locator(`[id="${active}"]`).count()) !== 1)
    wrong.push('the active cell is not drawn');
  await shootPart(page, subject, 'history', 'grid-compared');
  await grid.focus();
  await page.keyboard.press('End');
  const runs = Number(await grid.getAttribute('aria-colcount')) - 1;
  await page.locator(`[role=columnheader][aria-colindex="${runs + 1}"]`).waitFor();
  const cells = await page.locator('.grid-cell').count();
  await grid.evaluate((element) => element.scrollTo(0, 0));
  await page.locator('[role=columnheader][aria-colindex="2"]').waitFor();
  const named = await grid.getAttribute('aria-activedescendant');
  if (named && (await page.locator(`[id="${named}"]`).count()) !== 1)
    wrong.push('the grid names a cell that is not drawn');
  if (cells > MOST_CELLS) wrong.push(`the grid draws ${cells} cells at once`);
  if ((await page.locator('.grid img, .grid script, .grid a, .compare img, .compare script').count()) > 0)
    wrong.push('a text of the history became markup');
  await shootPart(page, subject, 'flaky', 'flaky');
  await shootPart(page, subject, 'trends', 'trends');
  return wrong;
}
