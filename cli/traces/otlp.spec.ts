import { spanIdOf, traceIdOf } from '@backendai-e2e/results/trace-ids';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { expect } from 'chai';
import { otlpRequest } from './otlp.ts';
import type { Span, Trace } from './span.ts';

type ReadableSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];

const START = Date.parse('2026-01-01T00:00:00.123Z');
const spans: Span[] = [
  {
    ...{
      id: spanIdOf('run'),
      name: 'RUN backendai-e2e',
      kind: 'server',
      start: START,
      end: START + 5_000.25,
    },
    attributes: { 'cicd.pipeline.name': 'backendai-e2e', attempt: 2, share: 0.5, flag: true, text: '漢 "' },
  },
  {
    ...{ id: spanIdOf('test'), parent: spanIdOf('run'), name: 'a test', kind: 'internal' },
    ...{ start: START + 1, end: START + 2_001, attributes: {}, failure: 'expected 1' },
    exception: { message: 'expected 1', text: 'expected 1\n  at here' },
  },
  {
    ...{ id: spanIdOf('exchange'), parent: spanIdOf('test'), name: 'GET /x', kind: 'client' },
    ...{ start: START + 1_500, end: START + 1_750, attributes: { 'http.response.status_code': 500 } },
  },
];
const trace: Trace = { id: traceIdOf('uid'), resource: { 'service.name': 'backendai-e2e' }, spans };

/** The same span as the official SDK hands it to its exporter. */
function readable(span: Span, resource: ReadableSpan['resource']): ReadableSpan {
  const context = (spanId: string) => ({ traceId: trace.id, spanId, traceFlags: 1 });
  const time = (ms: number): [number, number] => {
    const micros = Math.round(ms * 1000);
    return [Math.floor(micros / 1e6), (micros % 1e6) * 1000];
  };
  return {
    ...{ name: span.name, kind: { internal: 0, server: 1, client: 2 }[span.kind], links: [], ended: true },
    spanContext: () => context(span.id),
    ...(span.parent ? { parentSpanContext: context(span.parent) } : {}),
    ...{ startTime: time(span.start), endTime: time(span.end), duration: time(span.end - span.start) },
    status: span.failure === undefined ? { code: 0 } : { code: 2, message: span.failure },
    attributes: { ...span.attributes },
    events: span.exception
      ? [
          {
            ...{ name: 'exception', time: time(span.end) },
            attributes: {
              'exception.message': span.exception.message,
              'exception.stacktrace': span.exception.text,
            },
          },
        ]
      : [],
    ...{ resource, instrumentationScope: { name: 'backendai-e2e' } },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

describe('the OTLP of a trace', () => {
  it('is what the official serializer makes of the same spans', () => {
    const resource = { attributes: trace.resource } as unknown as ReadableSpan['resource'];
    const official = JsonTraceSerializer.serializeRequest(spans.map((span) => readable(span, resource)));
    const ours = JSON.parse(JSON.stringify(otlpRequest(trace, spans)));
    expect(ours).to.deep.equal(JSON.parse(new TextDecoder().decode(official)));
  });

  it('keeps microseconds: no digit of a time is lost', () => {
    const [first] = otlpRequest(trace, spans).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    expect(first?.startTimeUnixNano).to.equal('1767225600123000000');
    expect(first?.endTimeUnixNano).to.equal('1767225605123250000');
  });
});
