/** A value of an attribute. OTLP has more types; these are what a run has. */
export type Value = string | number | boolean;

/** One span of a trace: plain data, before it is written as OTLP. Times are ms since 1970. */
export interface Span {
  /** 16 hexadecimal digits. */
  id: string;
  /** Absent for the root. */
  parent?: string;
  name: string;
  kind: 'internal' | 'server' | 'client';
  start: number;
  end: number;
  attributes: Readonly<Record<string, Value>>;
  /** Why it failed; absent if it did not. */
  failure?: string;
  /** The exception that ended it: message and whole text. */
  exception?: { message: string; text: string };
}

/** A run as a trace. */
export interface Trace {
  /** 32 hexadecimal digits. */
  id: string;
  /** What describes all spans: the service and its version. */
  resource: Readonly<Record<string, Value>>;
  /** Parents come before their children. */
  spans: readonly Span[];
}
