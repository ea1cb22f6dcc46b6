/** Events that a tool in a pod reports (images/fault-tools/receipt.sh). */
export const TOOL_EVENTS = [
  'injected',
  'inForce',
  'notSeen',
  'healed',
  'seenHealed',
  'late',
  'refused',
  'failed',
] as const;
export type ToolEvent = (typeof TOOL_EVENTS)[number];

/** One line of a tool's output. */
export interface ReceiptLine {
  /** RFC 3339, by the node's clock. */
  at: string;
  event: ToolEvent;
  evidence: string;
}

/** Times as images/fault-tools/receipt.sh writes them. The API server refuses a status with any other. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
/** Maximum length of evidence in characters, as in the schema of FaultReceipt. */
const EVIDENCE_LENGTH = 1000;

/** The receipt lines in the output of a tool. Other output, such as shell warnings or truncated lines, is skipped. */
export function receiptLines(log: string): ReceiptLine[] {
  return log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const value: unknown = JSON.parse(line);
      if (!isReceiptLine(value)) return [];
      const { at, event, evidence } = value;
      // February 30 is a day in March here, and none for the API server.
      return [{ at: new Date(at).toISOString(), event, evidence: evidence.slice(0, EVIDENCE_LENGTH) }];
    } catch {
      // The line is still being written: the next look reads it completely.
      return [];
    }
  });
}

function isReceiptLine(value: unknown): value is ReceiptLine {
  if (typeof value !== 'object' || value === null) return false;
  const { at, event, evidence } = value as Record<string, unknown>;
  return (
    typeof at === 'string' &&
    TIME.test(at) &&
    !Number.isNaN(Date.parse(at)) &&
    typeof evidence === 'string' &&
    TOOL_EVENTS.some((known) => known === event)
  );
}
