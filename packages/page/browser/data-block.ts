/**
 * The text of a block of the page: Base64 of gzip.
 * @throws Error if the page has no such block
 */
export async function textOf(id: string): Promise<string> {
  const block = document.getElementById(id)?.textContent;
  if (!block) throw new Error(`the page has no block ${id}: was the file cut?`);
  const bytes = Uint8Array.from(atob(block), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}
