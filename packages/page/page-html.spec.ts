import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { Fault } from '@backendai-e2e/api/fault';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { buildPage } from './model/build-page.ts';
import type { PageData } from './model/data/page-data.ts';
import { dataBytesIn, pageHtml } from './page-html.ts';

const HOSTILE = '</script><script>alert(1)</script>\u202e<img src=x onerror=alert(1)>';
const bundle = { script: 'start()', style: 'p{}', draw: () => '<p>drawn</p>' };

/** A fault of the manager that was asked for during the failure, and injected some seconds after the start. */
function faultAfter(seconds: number): Fault {
  return {
    ...{ apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'Fault' },
    metadata: { name: 'f', namespace: 'n', creationTimestamp: '2026-01-01T00:00:11Z' },
    spec: { environmentRef: { name: 'e2e' }, target: { component: 'manager' }, pause: {} },
    status: { phase: 'InForce', action: 'pause', injectedAt: `2026-01-01T00:00:${seconds}Z` },
  };
}

function page(title: string, faults: readonly Fault[] = []) {
  const failed = test(title, {
    state: 'failed',
    error: title,
    startedAt: '2026-01-01T00:00:10Z',
    seconds: 2,
  });
  const objects = {
    faults,
    run: run([suite('s', 'Failed')], { status: 'False', reason: title }),
    reports: [
      report('s', [failed], { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:01:00Z' }),
    ],
  };
  const log = `2026-01-01T00:00:11.000000000Z ERROR ${title}`;
  return buildPage({
    file: readRunFile(JSON.stringify(objects), 'run.json'),
    logs: [{ source: 'manager/main', component: 'manager', namespace: 'bai', text: log }],
    pageLogs: [{ id: 'log-0', source: title, lines: 1, omittedBytes: 0 }],
    catalog: new Map(),
    phases: [],
    missing: [],
  });
}

describe('the file of the page', () => {
  const data = page(HOSTILE);
  const html = pageHtml(data, new Map([['log-0', HOSTILE]]), bundle);

  it('allows its own script and style by hash, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    expect(policy.split('; ')).to.deep.equal([
      "default-src 'none'",
      `script-src ${hash(bundle.script)}`,
      `style-src ${hash(bundle.style)}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html.indexOf('Content-Security-Policy')).to.be.below(html.indexOf('<style'));
  });

  it('holds data that cannot leave its block', () => {
    expect(html.match(/<script/g)).to.have.length(3);
    const log = /id="log-0">([^<]*)</.exec(html)?.[1] ?? '';
    expect(gunzipSync(Buffer.from(log, 'base64')).toString()).to.equal(HOSTILE);
  });

  it('has no acting character from a title, an error or a log', () => {
    expect(JSON.stringify(data)).not.to.include('\u202e');
    expect(data.failures[0]?.title).to.include('⟨U+202E⟩');
  });

  it('explains the failure by what a component wrote at that time', () => {
    expect(data.failures[0]?.causes[0]).to.deep.include({ component: 'manager' });
    expect(data.failures[0]?.alarms[0]).to.deep.include({ source: 'manager/main', rare: true });
  });

  it('takes a fault for a cause only if it was injected before the end of the failure', () => {
    const evidence = (seconds: number) =>
      page('a', [faultAfter(seconds)])
        .failures[0]?.causes.flatMap((cause) => cause.evidence)
        .join();
    expect(evidence(12)).to.include('the fault f (pause) was in force');
    expect(evidence(40)).not.to.include('the fault');
  });

  it('says when a suite measured, and opens records that do not', () => {
    const measured = (more: { measuredAt?: string }) => {
      const status = { startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:01:00Z' };
      const measurements = [{ name: 'failover', value: 2, unit: 's', ...more }];
      const objects = {
        run: run([suite('s', 'Passed')], { status: 'True', reason: 'AllPassed' }),
        reports: [report('s', [test('t')], { ...status, measurements })],
      };
      return buildPage({
        ...{ file: readRunFile(JSON.stringify(objects), 'run.json'), logs: [], pageLogs: [] },
        ...{ catalog: new Map(), phases: [], missing: [] },
      }).suites[0]?.measurements;
    };
    expect(measured({ measuredAt: '2026-01-01T00:00:30Z' })).to.deep.equal([
      { name: 'failover', value: 2, unit: 's', at: Date.parse('2026-01-01T00:00:30Z') },
    ]);
    expect(measured({})).to.deep.equal([{ name: 'failover', value: 2, unit: 's' }]);
  });

  it('says what a suite waited for, the longest first', () => {
    const wait = (what: string, seconds: number) => ({ file: 's', title: 't', what, seconds, times: 2 });
    const waits = [wait('a session', 6), wait('a lease', 60)];
    const objects = {
      run: run([suite('s', 'Passed')], { status: 'True', reason: 'AllPassed' }),
      reports: [report('s', [test('t')], { waits })],
    };
    const [shown] = buildPage({
      ...{ file: readRunFile(JSON.stringify(objects), 'run.json'), logs: [], pageLogs: [] },
      ...{ catalog: new Map(), phases: [], missing: [] },
    }).suites;
    expect(shown?.waits?.map(({ what, seconds }) => [what, seconds])).to.deep.equal([
      ['a lease', 60],
      ['a session', 6],
    ]);
    expect(data.suites[0]).not.to.have.property('waits');
  });

  it('leaves passed tests to its script where the text has no room for them', () => {
    const suites = data.suites.map((suite) => ({
      ...suite,
      tests: [...suite.tests, { title: 'passes', state: 'passed' as const, seconds: 1 }],
    }));
    const drawn: PageData[] = [];
    const draw = (shown: PageData) => {
      drawn.push(shown);
      return 'x'.repeat(shown.suites[0]?.leftOut ? 100 : 600_000);
    };
    const file = pageHtml({ ...data, suites }, new Map(), { ...bundle, draw });
    expect(file).to.include('<div id="page" data-brief>');
    expect(drawn.at(-1)?.suites[0]).to.deep.include({ leftOut: 1 });
    expect(drawn.at(-1)?.suites[0]?.tests.map(({ state }) => state)).to.deep.equal(['failed']);
    expect(Buffer.byteLength(file) - dataBytesIn(file)).to.be.below(600_000);
  });
});
