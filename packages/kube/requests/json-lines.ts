/**
 * The values of a stream with one JSON text a line, as the API server sends a watch. A line can span chunks, a chunk can
 * hold several lines, and a character can be split between chunks. A last line without a line break was cut off and is
 * dropped. Throws what the stream throws, and SyntaxError for a line that is not JSON.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  // Parts of the current line, joined once, so that a long line is not copied for each chunk.
  let parts: string[] = [];
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      parts.push(text.slice(start, end));
      const line = parts.join('');
      parts = [];
      start = end + 1;
      if (line.trim() !== '') yield JSON.parse(line);
    }
    parts.push(text.slice(start));
  }
}
