import { expect } from 'chai';
import { type ApiAnswer, BackendApiError } from '../clients/http/api.ts';

/** An expected error answer. msg: part of the server's message. */
export interface Refusal {
  status: number;
  /** Last part of the type: https://api.backend.ai/probs/<kind>. */
  kind: string;
  msg?: string | RegExp;
}

/** Expects that a request is refused in exactly that way, and returns the error for further assertions. */
export async function expectRefusal(request: Promise<unknown>, refusal: Refusal): Promise<BackendApiError> {
  let answer: unknown;
  try {
    answer = await request;
  } catch (error) {
    if (!(error instanceof BackendApiError)) throw error;
    const seen = { status: error.status, kind: error.type.replace('https://api.backend.ai/probs/', '') };
    const what = `answered with ${seen.status} ${seen.kind} instead of ${refusal.status} ${refusal.kind}: ${error.message}`;
    expect(seen, what).to.deep.equal({ status: refusal.status, kind: refusal.kind });
    if (refusal.msg instanceof RegExp) expect(error.msg ?? '').to.match(refusal.msg);
    else if (refusal.msg) expect(error.msg ?? '').to.include(refusal.msg);
    return error;
  }
  throw new Error(
    `the request must be refused with ${refusal.status} ${refusal.kind}, but was answered ${JSON.stringify(inWords(answer))}`,
  );
}

/** The answer without its bytes, which repeat its body, and without its headers. */
function inWords(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('bytes' in answer && 'body' in answer))
    return answer;
  const { bytes: _bytes, headers: _headers, ...rest } = answer as ApiAnswer;
  return rest;
}
