import { signal } from '@preact/signals';
import { hydrate, render } from 'preact';
import type { PageData } from '../model/data/page-data.ts';
import { alive, Page } from './page.tsx';
import { readFrom, textOf } from './state/data-block.ts';
import { setLogs } from './state/log-state.ts';
import { forgetTests } from './state/past-state.ts';
import { follow } from './verdict/live.tsx';

/** Gives life to the page that was drawn before. Without it, the page is still whole to read. */
async function main(): Promise<void> {
  const root = document.getElementById('page');
  if (!root) return;
  const data: PageData = JSON.parse(await textOf('data'));
  const shown = signal(data);
  setLogs(data.logs);
  if (root.dataset.brief === undefined) {
    hydrate(<Shown page={shown} />, root);
  } else {
    root.replaceChildren();
    render(<Shown page={shown} />, root);
  }
  alive.value = true;
  showTarget();
  addEventListener('hashchange', showTarget);
  if (data.live) {
    readFrom('text/');
    follow((next) => {
      setLogs(next.logs);
      // The tests of the history belong to the runs that were shown.
      if (JSON.stringify(next.past) !== JSON.stringify(shown.value.past)) forgetTests();
      shown.value = next;
      document.title = `${next.name}: ${next.verdict ?? 'no verdict'}`;
    });
  }
  document.documentElement.dataset.alive = 'true';
}

function Shown({ page }: { page: { readonly value: PageData } }) {
  return <Page data={page.value} />;
}

/** Opens what the address points to: a permanent link may lead into a closed part. */
function showTarget(): void {
  const target = document.getElementById(location.hash.slice(1));
  const details = target?.querySelector('details') ?? target?.closest('details');
  if (details && target?.matches('article, tbody')) details.open = true;
  target?.scrollIntoView();
}

main().catch((error: unknown) => console.error(error));
