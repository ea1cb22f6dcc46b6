import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { historyRecord } from '@backendai-e2e/results/history/derive';
import type { HistoryRecord, HistoryTest } from '@backendai-e2e/results/history/record';
import { readRunFile } from '@backendai-e2e/results/run-file';

/** Runs in one file of a made history. */
const PER_FILE = 100;
const DAY_MS = 86_400_000;
/** Runs after which the manager has another digest. */
const RELEASE = 20;

/**
 * Writes the history of a run by replaying it once for each day before it. Durations differ, one test flips, and another broke
 * once and was mended. The manager is new every 20 days.
 * @param folder of the run, with its run.json
 */
export async function writeMadeHistory(folder: string, history: string, count: number): Promise<void> {
  const file = path.join(folder, 'run.json');
  const now = historyRecord(readRunFile(await readFile(file, 'utf8'), file));
  await mkdir(history, { recursive: true });
  for (let from = 0; from < count; from += PER_FILE) {
    const lines = Array.from({ length: Math.min(PER_FILE, count - from) }, (_, index) =>
      JSON.stringify(replayed(now, from + index + 1)),
    );
    const name = `part-${String(count - from).padStart(5, '0')}.jsonl.gz`;
    await writeFile(path.join(history, name), gzipSync(`${lines.join('\n')}\n`));
  }
}

/** The run as it was some days before. */
function replayed(now: HistoryRecord, days: number): HistoryRecord {
  const shift = (at: string) => new Date(Date.parse(at) - days * DAY_MS).toISOString();
  const release = Math.floor(days / RELEASE);
  const suites = now.suites.map((suite, place) => {
    const tests = suite.tests.map((test, index) => testThen(test, days, place, index));
    const bad = tests.some(({ state }) => state === 'failed');
    return {
      ...suite,
      verdict: bad ? ('Failed' as const) : ('Passed' as const),
      ...(suite.seconds === undefined ? {} : { seconds: suite.seconds * wave(days, place) }),
      tests,
      measurements: suite.measurements.map((each) => ({
        ...each,
        values: each.values.map((value) => value * wave(days, place + 1)),
      })),
    };
  });
  return {
    ...now,
    uid: `made-${days}`,
    name: `made-${String(days).padStart(4, '0')}-days-ago`,
    startedAt: shift(now.startedAt),
    ...(now.finishedAt ? { finishedAt: shift(now.finishedAt) } : {}),
    verdict: suites.some(({ verdict }) => verdict === 'Failed') ? 'Failed' : 'Passed',
    tested: now.tested.map((part) =>
      part.name === 'manager' ? { ...part, digest: digestOf(release) } : part,
    ),
    pace: wave(days, 3),
    suites,
  };
}

/** A digest whose beginning differs from release to release: pages show the beginning. */
function digestOf(release: number): string {
  return `sha256:${String(release).padStart(12, '0').padEnd(64, '0')}`;
}

function testThen(test: HistoryTest, days: number, place: number, index: number): HistoryTest {
  const { file, title } = test;
  const seconds = Math.round(test.seconds * wave(days, place + index) * 100) / 100;
  const flips = place === 5 && index === 2 && days % 3 === 0;
  const broken = place === 9 && index === 4 && days > 30 && days < 60;
  // What fails now fails since the manager is new.
  if (test.state === 'failed' && days < RELEASE) return { ...test, seconds };
  if (place === 7 && index === 0) {
    const issue = {
      ...{ issue: `a made issue of ${title.slice(0, 60)}`, version: '26.9.0', until: '2026-06-30' },
      budget: { most: 5, of: 20 },
    };
    return { file, title, state: 'known-issue', seconds, error: 'AssertionError: as listed', issue };
  }
  return flips || broken
    ? {
        file,
        title,
        state: 'failed',
        seconds,
        error: `AssertionError: ${flips ? 'it flips' : 'it broke'} ${title}`.slice(0, 200),
      }
    : { file, title, state: 'passed', seconds };
}

/** Noise of a machine around 1, the same at each call. */
function wave(days: number, place: number): number {
  return 1 + 0.1 * Math.sin(days * 1.7 + place * 0.9);
}
