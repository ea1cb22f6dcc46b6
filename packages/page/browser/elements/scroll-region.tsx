import type { ComponentChildren } from 'preact';

/**
 * A region that scrolls where its content is wider than the page, as tables are on a phone.
 *
 * It takes the focus, because the keyboard could not scroll it otherwise. `label` names it for a screen reader.
 */
export function ScrollRegion({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must take the focus
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
