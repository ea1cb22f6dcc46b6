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

/** Maximum length of evidence in characters, as in the schema of FaultReceipt. */
const EVIDENCE_LENGTH = 1000;

/** The receipt lines in the output of a tool. Other output, such as shell warnings or truncated lines, is skipped. */
export function receiptLines(log: string): ReceiptLine[] {
  return log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const value: unknown = JSON.parse(line);
      return isReceiptLine(value) ? [{ ...value, evidence: value.evidence.slice(0, EVIDENCE_LENGTH) }] : [];
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
    !Number.isNaN(Date.parse(at)) &&
    typeof evidence === 'string' &&
    TOOL_EVENTS.some((known) => known === event)
  );
}
