export type RefusedCode =
  | 'invalid-argument'
  | 'not-found'
  | 'failed-precondition'
  | 'unavailable'
  | 'resource-exhausted';

/** What was asked for cannot be done, and why; nothing has changed. `field` is the request's, as the proto spells it. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly code: RefusedCode;
  readonly field: string;

  constructor(code: RefusedCode, field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.field = field;
  }
}
