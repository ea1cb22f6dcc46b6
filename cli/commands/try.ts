import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { getCompileCacheDir } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { API_VERSION } from '@backendai-e2e/api/group';
import { COMMAND_EXIT, RUNNER_ENV, RUNNER_EXIT } from '@backendai-e2e/api/runner-contract';
import type { TestReport, TestReportStatus } from '@backendai-e2e/api/test-report';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { disagreements, outputNotes } from '@backendai-e2e/results/agreement';
import { junitReporter, readJunit } from '@backendai-e2e/results/junit';
import { readPrintedTests } from '@backendai-e2e/results/printed-output';
import { reported } from '@backendai-e2e/results/reporter';
import { runRecord } from '@backendai-e2e/results/run-record';
import { PROJECT_ROOT } from '../machine/provision.ts';
import { endingOfError } from '../runs/ending.ts';

const SUITE_EXTENSION = '.ts';
/** Name of the TestReport that the runner believes to write. */
const REPORT = 'try-1';

/** A suite file that ran on this machine. */
export interface Tried {
  /** Exit code of the runner; null after a signal. */
  code: number | null;
  /** What the runner printed, both streams. */
  output: string;
  /** The last report that it wrote. */
  status: TestReportStatus;
  /** JUnit XML as a run writes it. */
  junit: string;
  /** What would end a run with 2. */
  disagreements: string[];
  /** Differences between the report and the output. */
  notes: string[];
}

/**
 * The suite file that a path or a name means: "suites/storage/rename-folder.ts" and "storage/rename-folder" are the same.
 * Throws an Error for a file outside of suites/. Pure.
 */
export function suiteFileOf(text: string, root: string, cwd: string): string {
  const suites = path.join(root, 'suites');
  const isPath = text.endsWith(SUITE_EXTENSION);
  const file = path.relative(suites, isPath ? path.resolve(cwd, text) : path.join(suites, text));
  if (file.startsWith('..'))
    throw new Error(`${text} is not in suites/: the runner loads suites from there only`);
  return (isPath ? file.slice(0, -SUITE_EXTENSION.length) : file).split(path.sep).join('/');
}

/**
 * Runs a suite file through the real runner, against a double of the API server. Then compares the results as the end of a run
 * does.
 * @param file relative to suites/, without extension
 * @param env further variables of the runner
 * @param show gets the output while it arrives
 */
export async function tryFile(
  file: string,
  env: Readonly<Record<string, string>>,
  show: (text: string) => void = () => undefined,
): Promise<Tried> {
  let status: TestReportStatus = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: { status: TestReportStatus } = JSON.parse(Buffer.concat(chunks).toString());
      status = body.status;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [path.join(PROJECT_ROOT, 'suites/runner/main.ts')], {
      env: {
        ...process.env,
        ...sharedCompileCache(),
        E2E_API_SERVER: `http://127.0.0.1:${port}`,
        [RUNNER_ENV.report]: REPORT,
        [RUNNER_ENV.namespace]: 'try',
        [RUNNER_ENV.suite]: 'try',
        [RUNNER_ENV.files]: JSON.stringify([file]),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        show(text);
      });
    }
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    return { code, output, ...judged(status, output) };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Makes another Node.js use the compiled sources of this one. It then starts in less than half of the CPU time. */
function sharedCompileCache(): { NODE_COMPILE_CACHE?: string } {
  // Node.js keeps them in a folder of its version, below the one that it was given.
  const own = getCompileCacheDir();
  return own === undefined ? {} : { NODE_COMPILE_CACHE: path.dirname(own) };
}

/** The results of a run of this one attempt. A report that is not final is Interrupted, as in a cluster. Pure. */
function judged(last: TestReportStatus, output: string): Omit<Tried, 'code' | 'output'> {
  const status: TestReportStatus = last.final
    ? last
    : {
        ...last,
        verdict: 'Interrupted',
        reason: 'RunnerEnded',
        message: 'the runner ended without its last report',
      };
  const { verdict = 'Interrupted', reason, message, seconds, counts } = status;
  const line = {
    ...{ name: 'try', state: 'Finished' as const, attempt: 1, report: REPORT, verdict },
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(counts ? { counts } : {}),
  };
  const run: TestRun = {
    apiVersion: API_VERSION,
    kind: 'TestRun',
    metadata: { name: 'try', namespace: 'try' },
    spec: { environmentRef: { name: 'try' } },
    status: { suites: [line] },
  };
  const report: TestReport = {
    apiVersion: API_VERSION,
    kind: 'TestReport',
    metadata: { name: REPORT, namespace: 'try' },
    spec: { run: 'try', suite: 'try', attempt: 1 },
    status,
  };
  const objects = { run, reports: [report] };
  const junit = reported(junitReporter, runRecord(objects));
  const files = new Set((status.tests ?? []).map((test) => test.file));
  return {
    status,
    junit,
    disagreements: disagreements({ ...objects, junit: readJunit(junit) }),
    notes: outputNotes(objects.reports, new Map([[REPORT, readPrintedTests(output, files)]])),
  };
}

/** The exit code of a run with this result. Pure. */
export function exitOf({ code, status, disagreements: found }: Tried): number {
  if (found.length > 0 || code === RUNNER_EXIT.couldNotRun) return COMMAND_EXIT.couldNotRun;
  return code === RUNNER_EXIT.passed && status.final ? COMMAND_EXIT.passed : COMMAND_EXIT.failed;
}

/** `e2e try FILE`: runs a suite file on this machine, without a cluster, and writes junit.xml into out/try. */
export async function trySuite(text: string, options: { connection?: string }): Promise<number> {
  // The runner gets the signal too and writes its report.
  const stay = (): void => undefined;
  process.on('SIGINT', stay);
  try {
    const file = suiteFileOf(text, PROJECT_ROOT, process.cwd());
    const { connection } = options;
    const env: Record<string, string> = connection
      ? { [RUNNER_ENV.connection]: path.resolve(connection) }
      : {};
    const tried = await tryFile(file, env, (part) => process.stdout.write(part));
    const folder = path.join(PROJECT_ROOT, 'out', 'try');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'junit.xml'), tried.junit);
    const { verdict = 'Interrupted', reason } = tried.status;
    console.log(`\n${verdict}${reason ? ` (${reason})` : ''}   out/try/junit.xml`);
    for (const note of tried.notes) console.log(`note: ${note}`);
    for (const line of tried.disagreements) console.log(`the results disagree: ${line}`);
    return exitOf(tried);
  } catch (error) {
    console.error(`e2e: ${endingOfError(error).sentence}`);
    return COMMAND_EXIT.couldNotRun;
  } finally {
    process.off('SIGINT', stay);
  }
}
