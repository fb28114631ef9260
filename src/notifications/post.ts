/** One try to tell a webhook. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `gone`: it wants nothing any more (HTTP 410). */
export type Answer = { readonly result: 'told' } | { readonly result: 'gone' | 'failed'; readonly reason: string };

/** Never rejects. Redirects are not followed, and of the answer only its status is read. */
export async function postTo({ url, headers, body }: Post, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    // a body that does not end must not hold the connection
    response.body?.cancel().catch(() => {});
    return answerOf(response.status);
  } catch (error) {
    return { result: 'failed', reason: reasonOf(error) };
  }
}

function answerOf(status: number): Answer {
  if (status >= 200 && status < 300) return { result: 'told' };
  if (status === 410) return { result: 'gone', reason: 'HTTP 410' };
  const why = status >= 300 && status < 400 ? ': redirects are not followed' : '';
  return { result: 'failed', reason: `HTTP ${status}${why}` };
}

/** Without the address, which may be a secret. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer';
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { code } = (error.cause ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'no answer';
}
