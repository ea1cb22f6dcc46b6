import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const CHART = path.join(import.meta.dirname, '../../../charts/backend-ai');
/** The page of the timers. */
export const TIMERS_PAGE = path.join(import.meta.dirname, '../../../docs/reference/timers-backend-ai.md');

/** A line of a component's configuration that sets a time. */
export interface TimerLine {
  /** Without its extension, for example "agent". */
  component: string;
  /** With its section, for example "debug.heartbeat-interval". */
  key: string;
  /** A literal, or the name of a placeholder: @HEARTBEAT_INTERVAL@. */
  value: string;
}

/** What no file of the chart says about a timer. */
interface TimerNote {
  /** Default of the pinned Backend.AI, as its configuration classes have it. "none": it must be set. */
  upstream: string;
  changes: string;
}

/** By component and key. Values are seconds unless they have a unit. */
const NOTES: Readonly<Record<string, TimerNote>> = {
  'manager manager.heartbeat-timeout': {
    upstream: '40.0',
    changes:
      'An agent counts as LOST after this silence, and its sessions can be given up. It must exceed the interval of the agents.',
  },
  'agent debug.heartbeat-interval': {
    upstream: '20.0',
    changes: 'How soon a manager sees a new agent, a returned one, and changed resources.',
  },
  'agent agent.sync-container-lifecycles.interval': {
    upstream: '10.0',
    changes:
      'How soon an agent reports a container that ended unseen. While it lists containers, it ends sessions that start.',
  },
  'app-proxy-coordinator proxy_coordinator.worker_heartbeat_timeout': {
    upstream: '30.0',
    changes: 'A worker counts as lost after this silence, and gets no new circuits.',
  },
  'app-proxy-worker proxy_worker.heartbeat_period': {
    upstream: '10.0',
    changes: 'How soon the coordinator sees a new worker or a returned one.',
  },
  'webserver api.health_check_interval': {
    upstream: '10.0',
    changes: 'How soon the webserver leaves a manager that is gone, and takes one that is back.',
  },
  'webserver session.max_age': { upstream: '604800', changes: 'How long a login lasts.' },
  'webserver session.login_block_time': {
    upstream: '1200',
    changes: 'How long a user is locked out after too many wrong passwords.',
  },
  'storage-proxy storage-proxy.session-expire': {
    upstream: 'none',
    changes: 'How long the token of an upload or a download is valid.',
  },
};

const TIMER = /(^|[-_])(interval|timeout|period|expire|age|time|ttl|delay)$/;

/** The timers that the text of a configuration sets. Pure. */
export function timerLines(component: string, text: string): TimerLine[] {
  const found: TimerLine[] = [];
  let section = '';
  for (const line of text.split('\n')) {
    section = /^\[([^\]]+)\]/.exec(line)?.[1] ?? section;
    const [, key = '', value = ''] = /^([\w.-]+) *= *"?([^"]*?)"?\s*$/.exec(line) ?? [];
    if (TIMER.test(key)) found.push({ component, key: `${section}.${key}`, value });
  }
  return found;
}

/** The timers that the configuration files of the chart set. */
export function chartTimers(): TimerLine[] {
  const folder = path.join(CHART, 'files/config');
  return readdirSync(folder)
    .filter((file) => /\.(toml|conf)$/.test(file))
    .sort()
    .flatMap((file) => timerLines(path.parse(file).name, readFileSync(path.join(folder, file), 'utf8')));
}

/**
 * The timers with what the table knows about them.
 * @throws Error for one that the table does not have, or one that the chart no longer sets
 */
export function notedTimers(lines: readonly TimerLine[]): (TimerLine & TimerNote)[] {
  const names = lines.map(({ component, key }) => `${component} ${key}`);
  const gone = Object.keys(NOTES).filter((name) => !names.includes(name));
  if (gone.length > 0) throw new Error(`charts/backend-ai no longer sets ${gone.join(', ')}: remove it here`);
  return lines.map((line) => {
    const name = `${line.component} ${line.key}`;
    const note = NOTES[name];
    if (!note) throw new Error(`tools/charts/reference/timers-doc.ts has no note on the timer "${name}"`);
    return { ...line, ...note };
  });
}

/** The value of the chart that a placeholder stands for, for example "agent.heartbeatIntervalSeconds". */
export function valueOfPlaceholder(name: string): string {
  const folder = path.join(CHART, 'templates');
  const setting = new RegExp(`name: ${name}, value: \\{\\{ \\.Values\\.([\\w.]+) `);
  const paths = readdirSync(folder)
    .filter((file) => /\.(yaml|tpl)$/.test(file))
    .flatMap((file) => setting.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1] ?? []);
  const [first, ...others] = [...new Set(paths)];
  if (!first || others.length > 0) throw new Error(`the templates set ${name} ${paths.length} times`);
  return first;
}

/** The page of the timers. */
export function timersPage(): string {
  const [usual, tests] = ['values.yaml', 'ci/e2e-values.yaml'].map((file): unknown =>
    parse(readFileSync(path.join(CHART, file), 'utf8')),
  );
  const rows = notedTimers(chartTimers()).map(({ component, key, value, upstream, changes }) => {
    const placeholder = /^@(\w+)@$/.exec(value)?.[1];
    const from = placeholder && valueOfPlaceholder(placeholder);
    const ours = from ? valueAt(usual, from) : value;
    const inTests = from ? (valueAt(tests, from) ?? ours) : value;
    const times = [upstream, ours, inTests].map((each) =>
      String(Number.isNaN(Number(each)) ? each : Number(each)),
    );
    const cells = [component, `\`${key}\``, ...times, from ? `\`${from}\`` : '', changes];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '# Timers of charts/backend-ai',
    '',
    "Generated by `make docs` from the chart's configuration files and values. Do not edit.",
    '',
    'The table has every time that the chart sets in the configuration of a component. A time without a unit is in seconds. The',
    'tests set those of `charts/backend-ai/ci/e2e-values.yaml`. Bounds of the suites follow from these values.',
    '',
    "| component | key | upstream's default | ours | in the tests | value of the chart | what it changes |",
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'Upstream fixes other times in its code, so no configuration shortens them:',
    '',
    '- The manager looks for silent agents every 5 seconds.',
    '- The coordinator looks for silent workers every 15 seconds.',
    '- Health endpoints repeat what a check found up to 60 seconds ago.',
    '- Service discovery renews its entries every 60 seconds.',
    '',
  ].join('\n');
}

function valueAt(values: unknown, dotted: string): unknown {
  return dotted
    .split('.')
    .reduce<unknown>(
      (at, key) => (typeof at === 'object' && at !== null ? new Map(Object.entries(at)).get(key) : undefined),
      values,
    );
}
