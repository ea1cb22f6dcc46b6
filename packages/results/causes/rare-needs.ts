/**
 * Of what each suite needs, the components that fewer than a third of all suites need: the others say nothing. Pure.
 * @param catalog what each suite needs, by its name
 */
export function rareNeeds(catalog: ReadonlyMap<string, { needs: readonly string[] }>): Map<string, string[]> {
  const count = (component: string) =>
    [...catalog.values()].filter(({ needs }) => needs.includes(component)).length;
  const rare = new Set(
    [...new Set([...catalog.values()].flatMap(({ needs }) => needs))].filter(
      (component) => count(component) * 3 < catalog.size,
    ),
  );
  return new Map([...catalog].map(([name, { needs }]) => [name, needs.filter((one) => rare.has(one))]));
}
