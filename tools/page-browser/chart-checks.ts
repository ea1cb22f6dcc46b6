import type { Page } from 'playwright-core';

/** The charts explain themselves: pods and pace beside faults, and a reason for each idle gap. No text becomes markup. */
export async function chartsExplain(page: Page): Promise<string[]> {
  const count = (selector: string) => page.locator(selector).count();
  const timeline = 'section:has(> #timeline)';
  const gantt = 'section:has(> #gantt)';
  const wrong: string[] = [];
  if ((await count(`${timeline} .band-in-force`)) > 0 && (await count(`${timeline} [class^=pod-]`)) === 0)
    wrong.push('the timeline has faults and no pods');
  if ((await count(`${timeline} .pod-ready`)) > 0 && (await count(`${timeline} .pace`)) === 0)
    wrong.push('the timeline has pods, and does not show how busy the machine was');
  if ((await count(`${timeline} .band-in-force`)) > 0 && (await count(`${timeline} .shades rect`)) === 0)
    wrong.push('faults are not drawn over pods and measured times');
  const negative = await page.locator('.chart text', { hasText: /\+-/ }).count();
  if (negative > 0) wrong.push(`${negative} faults were seen healed before they were`);
  const gaps = await page.locator(`${gantt} .idle title`).allTextContents();
  const mute = gaps.filter((text) => !/^idle for .+: \S/.test(text));
  const drawn = await count(`${gantt} .idle`);
  if (mute.length > 0 || gaps.length !== drawn)
    wrong.push(`of ${drawn} idle gaps, ${gaps.length - mute.length} say their reason`);
  const text = (await page.locator(gantt).first().textContent()) ?? '';
  if (gaps.length > 0 && !/up to [\d.]+ (s|min)|brings nothing/.test(text))
    wrong.push('the critical path does not say what shortening it would bring');
  if ((await count('.chart img, .chart script, .chart foreignObject')) > 0)
    wrong.push('a text of a chart became markup');
  return wrong;
}

/** Where the page has a history, an open failure names its last good run, and what was new after it. */
export async function failuresHavePast(page: Page): Promise<string[]> {
  const open = page.locator('article.failure > details[open]');
  if ((await open.count()) === 0 || (await page.locator('#history').count()) === 0) return [];
  const text = (await open.first().textContent()) ?? '';
  return [
    ...(/Last good run before it: \S+/.test(text) ? [] : ['a failure does not name the last good run']),
    ...(/Changed components.*manager/.test(text)
      ? []
      : ['a failure does not name what its first run changed']),
  ];
}
