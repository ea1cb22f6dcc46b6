/** Path below which the server of a live page has texts; undefined: all are in the page. */
let server: string | undefined;

/** Reads texts that are not in the page from its server. */
export function readFrom(path: string): void {
  server = path;
}

/**
 * The text of a block of the page, which is Base64 of gzip, or of its server.
 * @throws Error if neither has such a text
 */
export async function textOf(id: string): Promise<string> {
  const block = document.getElementById(id)?.textContent;
  if (!block && server !== undefined) return fetched(`${server}${encodeURIComponent(id)}`);
  if (!block) throw new Error(`the page has no block ${id}: was the file cut?`);
  const bytes = Uint8Array.from(atob(block), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

async function fetched(path: string): Promise<string> {
  const answer = await fetch(path);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.trim() || `the server answered ${answer.status}`);
  return text;
}
