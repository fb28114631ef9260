/**
 * A call that is not let in: nobody knows whose it is, who it is may not, or too many are open. The message is for the caller, and says
 * nothing of which tokens there are.
 */
export class DeniedError extends Error {
  override readonly name = 'DeniedError';
  readonly code: 'unauthenticated' | 'forbidden' | 'crowded';

  constructor(code: DeniedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
