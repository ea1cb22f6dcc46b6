/**
 * The values of a stream of JSON texts, one a line (how the API server sends a watch). A line may come in many chunks, a
 * chunk may hold many lines, and a character may be split over two chunks. A last line without its end is dropped: it was
 * cut. Throws what the stream throws, and SyntaxError for a line that is no JSON.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const decoder = new TextDecoder();
  // Parts of the line that has not ended: joined once, so that a long line costs no more than its length.
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
