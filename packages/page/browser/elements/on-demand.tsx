import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

/** A closed part that is drawn when a reader opens it. Show it only while the script runs. */
export function OnDemand({ summary, draw }: { summary: string; draw: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && draw()}
    </details>
  );
}
