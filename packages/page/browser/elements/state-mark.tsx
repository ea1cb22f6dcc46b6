import { glyphOf, toneOf } from './words.ts';

/** A verdict or a state: glyph, word and color. */
export function StateMark({ state }: { state: string }) {
  return (
    <span class={`state ${toneOf(state)}`}>
      {glyphOf(state)} {state}
    </span>
  );
}
