import { signal } from '@preact/signals';
import type { PageData } from '../../model/data/page-data.ts';
import { clockTime } from '../elements/words.ts';

/** How the page knows of changes: "followed" once the server answered, "lost" while it does not. */
const link = signal<'new' | 'followed' | 'lost'>('new');
/** When the page changed last, in ms since 1970. */
const changedAt = signal<number | undefined>(undefined);
/** The command that was copied last. */
const copied = signal('');

/**
 * Asks the server of the page for each change of the run. The stream names versions, and the data comes in a request of its own.
 * So a page that was away gets only the newest.
 */
export function follow(show: (data: PageData) => void): void {
  let wanted = '';
  let shown = '';
  let busy = false;
  const take = async () => {
    if (busy) return;
    busy = true;
    try {
      while (shown !== wanted) {
        const version = wanted;
        const answer = await fetch('data');
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        show(await answer.json());
        shown = version;
        changedAt.value = Date.now();
      }
      link.value = 'followed';
    } catch {
      // The bar says it, and the next event tries again.
      link.value = 'lost';
    } finally {
      busy = false;
    }
  };
  const events = new EventSource('events');
  events.onmessage = ({ data }) => {
    wanted = String(data);
    // It shows its own failure.
    take().catch(() => undefined);
  };
  events.onerror = () => {
    link.value = 'lost';
  };
}

/** Whether the page still follows the run, and what a reader may do next. */
export function LiveBar({ data: { live }, alive }: { data: PageData; alive: boolean }) {
  if (!live) return null;
  return (
    <section class="live" aria-label="The run in the cluster">
      {alive && (
        <p role="status">
          {link.value === 'lost'
            ? '⚠ The connection is lost: this is what was seen last. Is "e2e ui" still running?'
            : `● Live${changedAt.value === undefined ? '' : `, changed at ${clockTime(changedAt.value)} UTC`}`}
        </p>
      )}
      <details>
        <summary>Commands for this run</summary>
        <ul>
          {live.commands.map(({ what, command }) => (
            <li key={command}>
              {what}: <code>{command}</code>{' '}
              {alive && (
                <button type="button" aria-label={`Copy the command: ${what}`} onClick={() => copy(command)}>
                  {copied.value === command ? 'copied' : 'copy'}
                </button>
              )}
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}

function copy(command: string): void {
  navigator.clipboard
    .writeText(command)
    .then(() => {
      copied.value = command;
    })
    // Without a clipboard, the reader still sees the command.
    .catch(() => undefined);
}
