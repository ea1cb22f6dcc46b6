import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { ARCHIVE_BUDGETS } from '@backendai-e2e/api/limits';
import type { ConfigMap, Event } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { artifactsIn, endOf, eventLines, tracesConfigMap } from './traces.ts';

describe('endOf', () => {
  it('keeps a text that fits unchanged', () => {
    expect(endOf('one\ntwo\n', 8)).to.deep.equal({ text: 'one\ntwo\n', omittedBytes: 0 });
  });

  it('keeps whole lines from the end and counts the omitted bytes', () => {
    expect(endOf('one\ntwo\nthree\n', 9)).to.deep.equal({ text: 'three\n', omittedBytes: 8 });
  });

  it('truncates a line longer than the limit between characters', () => {
    const { text, omittedBytes } = endOf('äöü', 3);
    expect([text, omittedBytes]).to.deep.equal(['ü', 3]);
  });
});

describe('eventLines', () => {
  it('sorts events by time, whichever time field an event has', () => {
    const event = (rest: Partial<Event>): Event => ({
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'p' },
      ...rest,
    });
    const events = [
      event({
        lastTimestamp: '2026-01-01T00:00:02Z',
        reason: 'Two',
        message: 'b\nc',
        count: 2,
        type: 'Warning',
      }),
      event({ eventTime: '2026-01-01T00:00:01.5Z', reason: 'One', message: 'a' }),
    ];
    expect(eventLines(events)).to.equal(
      '2026-01-01T00:00:01.5Z Normal One Pod/p: a\n2026-01-01T00:00:02Z Warning Two Pod/p: b c (x2)\n',
    );
  });
});

describe('tracesConfigMap', () => {
  const owner = { apiVersion: 'v1', kind: 'TestReport', name: 'r', uid: 'u', controller: true };
  const at = { name: 'r', namespace: 'ns', labels: {}, owner };
  const made = tracesConfigMap(at, [
    { name: 'component-manager.log', text: 'a component\n', omittedBytes: 0 },
    { name: 'suite.log', text: 'a log\n', omittedBytes: 7 },
    { name: 'events.txt', text: 'an event\n', omittedBytes: 0 },
  ]);
  // The cast: as the API server stores it, all that was given is there.
  const stored = made as ConfigMap;

  it('is owned by its report and immutable', () => {
    expect(made.metadata.ownerReferences).to.deep.equal([owner]);
    expect(made.immutable).to.equal(true);
  });

  it('is listed with checksums that match', () => {
    const packed = Buffer.from(stored.binaryData?.['suite.log.gz'] ?? '', 'base64');
    expect(gunzipSync(packed).toString()).to.equal('a log\n');
    const listed = artifactsIn(stored);
    expect(listed.map(({ name }) => name)).to.deep.equal([
      'suite.log',
      'events.txt',
      'component-manager.log',
    ]);
    expect(listed.slice(0, 2)).to.deep.equal([
      {
        name: 'suite.log',
        configMap: 'r',
        key: 'suite.log.gz',
        bytes: packed.length,
        sha256: createHash('sha256').update(packed).digest('hex'),
        omittedBytes: 7,
      },
      {
        name: 'events.txt',
        configMap: 'r',
        key: 'events.txt',
        bytes: 9,
        sha256: createHash('sha256').update('an event\n').digest('hex'),
      },
    ]);
  });

  it('has no log when none could be read', () => {
    const without = tracesConfigMap(at, [{ name: 'events.txt', text: '', omittedBytes: 0 }]);
    expect(artifactsIn(without as ConfigMap).map(({ name }) => name)).to.deep.equal(['events.txt']);
  });

  it('stays far below the 1 MiB of an object when logs do not compress', () => {
    const noise = (bytes: number) =>
      Array.from({ length: bytes }, () => String.fromCharCode(33 + Math.random() * 90)).join('');
    const { log, events, components, container } = ARCHIVE_BUDGETS.configMap;
    const big = tracesConfigMap(at, [
      { name: 'suite.log', text: noise(log), omittedBytes: 0 },
      { name: 'events.txt', text: 'x'.repeat(events), omittedBytes: 0 },
      ...Array.from({ length: components / container }, (_, index) => ({
        name: `component-${index}.log`,
        text: noise(container),
        omittedBytes: 0,
      })),
    ]);
    expect(JSON.stringify(big).length).to.be.below(768 * 1024);
  });
});
