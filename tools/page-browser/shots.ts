import path from 'node:path';
import type { Page } from 'playwright-core';

/** A page to look at. */
export interface Subject {
  name: string;
  /** Absolute path of its index.html. */
  file: string;
  /** Folder of the screenshots. */
  shots: string;
}

/** Milliseconds for one step, on a machine that is busy. */
export const STEP_MS = 120_000;

/** Takes a screenshot of what is in view. */
export async function shoot(page: Page, { shots, name }: Subject, what: string): Promise<void> {
  await page.screenshot({ path: path.join(shots, `${name}-${what}.png`), timeout: STEP_MS });
}

/** Takes a screenshot from a heading on, where the page has it. */
export async function shootPart(page: Page, subject: Subject, id: string, what = id): Promise<void> {
  const heading = page.locator(`#${id}`);
  if ((await heading.count()) === 0) return;
  await heading.evaluate((element) => element.scrollIntoView());
  await shoot(page, subject, what);
}
