import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isAlarm } from '@backendai-e2e/results/alarming';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/** Folder of the runs that this test carries with it. */
const FOLDER = path.join(import.meta.dirname, 'recorded');
/** Of each log, its last lines and those that alarm are kept, as far as they fit into these characters. */
const LOG_LENGTH = 12_000;
const LAST_LINES = 30;
/** What must not be stored, though it opens nothing: tokens of the run, and where images came from. */
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=token=)[\w.-]{8,}/g;
const REGISTRY = /\b[a-z0-9-]+(?:\.[a-z0-9-]+)+\/(?:library\/)?(?=[a-z0-9-]+(?:\/[a-z0-9-]+)?[:@])/g;

const Recorded = Type.Object({
  /** Text of run.json. */
  run: Type.String(),
  phases: Type.String(),
  summary: Type.String(),
  /** Parts of logs, by their path below logs/. */
  logs: Type.Record(Type.String(), Type.String()),
});

/** Real runs: a green one, and a red one with many faults. */
export const RECORDED = ['green', 'red'] as const;

/** Writes the folder of a recorded run as its job wrote it, with a part of its logs. */
export async function writeRecordedRun(folder: string, name: (typeof RECORDED)[number]): Promise<void> {
  const packed = gunzipSync(await readFile(path.join(FOLDER, `${name}.json.gz`))).toString();
  const { run, phases, summary, logs } = Value.Parse(Recorded, JSON.parse(packed));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'run.json'), run);
  await writeFile(path.join(folder, 'phases.json'), phases);
  await writeFile(path.join(folder, 'summary.txt'), summary);
  for (const [place, text] of Object.entries(logs)) {
    const file = path.join(folder, 'logs', place);
    if (!file.startsWith(path.join(folder, 'logs', path.sep))) throw new Error(`${place} is not below logs/`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

/**
 * Records the results in a folder for this test: as "green" where the run succeeded, else as "red". Returns the file and its bytes.
 * @throws Error if the folder has no results
 */
export async function recordRun(folder: string): Promise<{ file: string; bytes: number }> {
  const text = async (name: string) => readFile(path.join(folder, name), 'utf8');
  const run = await text('run.json');
  const { verdict } = readRunFile(run, path.join(folder, 'run.json')).run.status ?? {};
  const recorded: Static<typeof Recorded> = {
    run: stripped(run),
    phases: await text('phases.json'),
    summary: stripped(await text('summary.txt')),
    logs: await partsOfLogs(path.join(folder, 'logs')),
  };
  const file = path.join(FOLDER, `${verdict === 'Passed' ? 'green' : 'red'}.json.gz`);
  const packed = gzipSync(JSON.stringify(recorded), { level: 9 });
  await mkdir(FOLDER, { recursive: true });
  await writeFile(file, packed);
  return { file, bytes: packed.length };
}

async function partsOfLogs(folder: string): Promise<Record<string, string>> {
  const logs: Record<string, string> = {};
  for (const place of (await readdir(folder, { recursive: true })).sort()) {
    if (place.split(path.sep).length !== 3 || !place.endsWith('.log')) continue;
    const text = await readFile(path.join(folder, place), 'utf8');
    const lines = text.trimEnd().split('\n');
    const telling = lines.filter((line, index) => index >= lines.length - LAST_LINES || isAlarm(line));
    const whole = telling.join('\n');
    const kept =
      whole.length <= LOG_LENGTH ? whole : whole.slice(whole.indexOf('\n', whole.length - LOG_LENGTH) + 1);
    if (kept !== '') logs[place] = stripped(`${kept}\n`);
  }
  return logs;
}

function stripped(text: string): string {
  return text.replace(TOKEN, '•••').replace(REGISTRY, '');
}
