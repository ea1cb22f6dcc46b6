/** Seconds for people: "0.4 s" below ten seconds, "75 s" from there. */
export function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}
