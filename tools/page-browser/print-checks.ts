import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { STEP_MS, type Subject } from './shots.ts';

/** A4 without margins of 1 cm, in CSS pixels. */
const PAPER = { width: 718, height: 1_047 } as const;
/** Places that a sentence names. */
const NAMED = 3;

/** On paper, the page is light, everything closed is open, and no column ends beyond the edge. Keeps the PDF. */
export async function printsWhole(browser: Browser, { name, file, shots }: Subject): Promise<string[]> {
  const context = await browser.newContext({ viewport: PAPER, colorScheme: 'dark' });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  await page.goto(`file://${file}`, { timeout: STEP_MS });
  await page.waitForSelector('html[data-alive]');
  // A reader may have closed what he has read.
  await page.locator('article.failure > details').evaluateAll((all) => {
    for (const each of all) each.removeAttribute('open');
  });
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const wrong = [...(await isLight(page)), ...(await isOpen(page)), ...(await fits(page))];
  await page.pdf({ path: path.join(shots, `${name}-print.pdf`), format: 'A4', printBackground: true });
  await context.close();
  return wrong;
}

async function isLight(page: Page): Promise<string[]> {
  const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
  return paper === 'rgb(255, 255, 255)' ? [] : [`on paper, the background is ${String(paper)}`];
}

async function isOpen(page: Page): Promise<string[]> {
  const hidden = await page
    .locator('main details > :not(summary)')
    .evaluateAll(
      (all) => all.filter((each) => !each.checkVisibility({ contentVisibilityAuto: true })).length,
    );
  return hidden === 0 ? [] : [`on paper, ${hidden} parts of the page are closed`];
}

async function fits(page: Page): Promise<string[]> {
  const beyond = await page.locator('main :is(table, td, th, svg, pre, p, li)').evaluateAll(
    (all, edge) =>
      all.flatMap((each) => {
        const { right, width } = each.getBoundingClientRect();
        const isCut = width > 0 && right > edge + 1;
        return isCut ? [`${each.tagName.toLowerCase()} ${(each.textContent ?? '').trim().slice(0, 40)}`] : [];
      }),
    PAPER.width,
  );
  if (beyond.length === 0) return [];
  return [`on paper, ${beyond.length} parts end beyond the edge: ${beyond.slice(0, NAMED).join('; ')}`];
}
