import { createHash } from 'node:crypto';

/** A place in a trace: what is sent to services, so that their spans come below that span. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  trace: string;
  /** 16 hexadecimal digits. */
  span: string;
}

/** The header `traceparent` of a sampled trace, version 00: https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?<trace>(?!0{32})[0-9a-f]{32})-(?<span>(?!0{16})[0-9a-f]{16})-[0-9a-f]{2}$/;

/** The place of an attempt in the trace of its run, by their uids. A second export of a run gives the same ids. */
export function attemptContext(run: string, report: string): TraceContext {
  return { trace: traceIdOf(run), span: spanIdOf(report) };
}

/** The place of a test of an attempt, by the test's id in the report. */
export function testContext({ trace, span }: TraceContext, test: string): TraceContext {
  return { trace, span: spanIdOf(span, 'test', test) };
}

/** The value of the header `traceparent`. Services trace what it comes with. */
export function traceparent({ trace, span }: TraceContext): string {
  return `00-${trace}-${span}-01`;
}

/** The place that a `traceparent` names; undefined for none, and for a text that is no such value. */
export function readTraceparent(value: string | undefined): TraceContext | undefined {
  const { trace, span } = TRACEPARENT.exec(value ?? '')?.groups ?? {};
  return trace === undefined || span === undefined ? undefined : { trace, span };
}

/** An id that follows from its parts, so that a second export of a run gives the same trace. */
export function traceIdOf(...parts: readonly string[]): string {
  return digest('trace', parts).slice(0, 32);
}

/** As {@link traceIdOf}, for a span. */
export function spanIdOf(...parts: readonly string[]): string {
  return digest('span', parts).slice(0, 16);
}

function digest(what: string, parts: readonly string[]): string {
  return createHash('sha256')
    .update(JSON.stringify([what, ...parts]))
    .digest('hex');
}
