import { hydrate } from 'preact';
import type { PageData } from '../model/page-data.ts';
import { textOf } from './data-block.ts';
import { setLogs } from './log-state.ts';
import { alive, Page } from './page.tsx';

/** Gives life to the page that was drawn before. Without it, the page is still whole to read. */
async function main(): Promise<void> {
  const root = document.getElementById('page');
  if (!root) return;
  const data: PageData = JSON.parse(await textOf('data'));
  setLogs(data.logs);
  hydrate(<Page data={data} />, root);
  alive.value = true;
  showTarget();
  addEventListener('hashchange', showTarget);
  document.documentElement.dataset.alive = 'true';
}

/** Opens what the address points to: a permanent link may lead into a closed part. */
function showTarget(): void {
  const target = document.getElementById(location.hash.slice(1));
  const details = target?.querySelector('details') ?? target?.closest('details');
  if (details && target?.matches('article, tbody')) details.open = true;
  target?.scrollIntoView();
}

main().catch((error: unknown) => console.error(error));
