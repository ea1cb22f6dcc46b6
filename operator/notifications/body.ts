import { createHmac } from 'node:crypto';
import { conditionOf } from '@backendai-e2e/api/conditions';
import { environmentsOf, RUN_CONDITIONS, type TestRun } from '@backendai-e2e/api/test-run';
import type { Change, ChangeKind } from './changes.ts';

/** Format of a webhook's notices. */
export type NoticeFormat = 'json' | 'slack';

/** The JSON body of a notice; docs/guides/notifications.md describes it. */
export interface WebhookNotice {
  version: 1;
  /** The same for every delivery of this notice: a receiver can drop a repeated one. */
  id: string;
  run: {
    namespace: string;
    name: string;
    environment: string;
    succeeded: boolean;
    reason: string;
    message: string;
    finishedAt: string;
  };
  changes: Change[];
}

/** Suites named in the text of a message; the rest is counted. */
const NAMED = 20;

const WORDS: Record<ChangeKind, { sign: string; words: string }> = {
  broke: { sign: ':red_circle:', words: 'broke' },
  'still-broken': { sign: ':red_circle:', words: 'is still broken' },
  flaky: { sign: ':large_yellow_circle:', words: 'is flaky' },
  fixed: { sign: ':large_green_circle:', words: 'works again' },
};

/** The notice about what a run changed. Pure. */
export function noticeOf(run: TestRun, changes: readonly Change[]): WebhookNotice {
  const succeeded = conditionOf(run.status?.conditions, RUN_CONDITIONS.succeeded);
  return {
    version: 1,
    id: run.metadata.uid ?? run.metadata.name,
    run: {
      namespace: run.metadata.namespace ?? '',
      name: run.metadata.name,
      environment: environmentsOf(run).join(', '),
      succeeded: succeeded?.status === 'True',
      reason: succeeded?.reason ?? '',
      message: succeeded?.message ?? '',
      finishedAt: run.status?.finishedAt ?? '',
    },
    changes: [...changes],
  };
}

/** The body as it is sent. Pure. */
export function bodyOf(notice: WebhookNotice, format: NoticeFormat): string {
  return JSON.stringify(format === 'slack' ? slackMessage(notice) : notice);
}

/** A message for Slack's incoming webhooks, and for compatible ones. */
function slackMessage({ run, changes }: WebhookNotice): object {
  const shown = changes.slice(0, NAMED).map((change) => {
    const { sign, words } = WORDS[change.change];
    const why = change.message ?? change.reason ?? '';
    const since = change.change === 'still-broken' ? ` since ${change.since}` : '';
    return `${sign} *${plain(change.suite)}* ${words}${since}${why ? `: ${plain(why).slice(0, 300)}` : ''}`;
  });
  const more = changes.length > NAMED ? [`… and ${changes.length - NAMED} more suites`] : [];
  const title = `${run.name} in ${run.environment}: ${counted(changes)}`;
  // A section holds 3000 characters.
  const text = [...shown, ...more].join('\n').slice(0, 2_900);
  return {
    text: plain(title),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: `*${plain(title)}*` } },
      { type: 'section', text: { type: 'mrkdwn', text } },
    ],
  };
}

/** "2 broke, 1 fixed" */
export function counted(changes: readonly Change[]): string {
  const kinds: readonly ChangeKind[] = ['broke', 'still-broken', 'flaky', 'fixed'];
  return kinds
    .map((kind) => [kind, changes.filter((change) => change.change === kind).length] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind.replace('-', ' ')}`)
    .join(', ');
}

/**
 * The signature of a body: "sha256=" and the HMAC-SHA256, in hex, of `<timestamp>.<body>` under the shared key. The
 * timestamp (seconds since 1970) is in a header beside it, so that an old notice cannot be replayed.
 */
export function signatureOf(body: string, timestamp: number, key: string): string {
  return `sha256=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** What a key of Standard Webhooks begins with; the rest is Base64. */
const KEY_PREFIX = 'whsec_';

/**
 * The signature of Standard Webhooks: "v1," and the HMAC-SHA256, in Base64, of `<id>.<timestamp>.<body>`. A key that begins with
 * "whsec_" is Base64, as their libraries expect it. Another one is taken as it is (standardwebhooks.com, "Signature scheme").
 */
export function standardSignatureOf(id: string, body: string, timestamp: number, key: string): string {
  const bytes = key.startsWith(KEY_PREFIX)
    ? Buffer.from(key.slice(KEY_PREFIX.length), 'base64')
    : Buffer.from(key);
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** Escapes Slack's markup: its three reserved characters, and the formatting characters. */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[*_~`]/g, '\u200b$&')
    .replace(/\s+/g, ' ');
}
