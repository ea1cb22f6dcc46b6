import type { Span, Trace, Value } from './span.ts';

/** SPAN_KIND_* and STATUS_CODE_* of opentelemetry/proto/trace/v1/trace.proto. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;
const STATUS_ERROR = 2;
/** SpanFlags: W3C "sampled", and that no parent is remote is known. */
const FLAGS = 0x101;

/**
 * The body of an ExportTraceServiceRequest as JSON with these spans of a trace. OTLP/HTTP maps Protobuf to JSON with ids in
 * hexadecimal and 64-bit numbers as text: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 *
 * The encoder is our own. The official exporters take spans from their SDK, which makes ids and times itself. This trace is
 * of a run that is over. A spec compares it with the official serializer.
 */
export function otlpRequest({ id, resource }: Trace, spans: readonly Span[]) {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes(resource), droppedAttributesCount: 0 },
        scopeSpans: [{ scope: { name: 'backendai-e2e' }, spans: spans.map((span) => encoded(id, span)) }],
      },
    ],
  };
}

function encoded(traceId: string, span: Span) {
  const { exception, failure } = span;
  return {
    traceId,
    spanId: span.id,
    ...(span.parent ? { parentSpanId: span.parent } : {}),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanos(span.end),
    attributes: attributes(span.attributes),
    droppedAttributesCount: 0,
    events: exception
      ? [
          {
            name: 'exception',
            timeUnixNano: nanos(span.end),
            attributes: attributes({
              'exception.message': exception.message,
              'exception.stacktrace': exception.text,
            }),
            droppedAttributesCount: 0,
          },
        ]
      : [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    flags: FLAGS,
    status: failure === undefined ? { code: 0 } : { code: STATUS_ERROR, message: failure },
  };
}

function attributes(values: Readonly<Record<string, Value>>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: Value) {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}

/** Nanoseconds as decimal text. A number would lose digits. */
function nanos(milliseconds: number): string {
  return (BigInt(Math.round(milliseconds * 1000)) * 1000n).toString();
}
