/** What is kept of a pair for people. Plain data: it crosses threads. Pure. */
import type { ProductionExchange, ShadowExchange } from '../pairing/exchange.ts';
import type { Pair } from '../pairing/pair.ts';
import type { CapturedBody } from '../prediction/answer.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { RedactedText, Redaction } from './redact.ts';
import { shownPair } from './shown-pair.ts';

export interface KeptContent {
  /** As shown-pair.ts makes it. */
  readonly pair: Pair;
  /** Undefined: none was captured. */
  readonly reference: KeptBody | undefined;
  readonly candidate: KeptBody | undefined;
  /** Of production's request. */
  readonly request: KeptBody | undefined;
  /** The spans that called the models; undefined when the request was not traced. */
  readonly productionSpan: SpanIds | undefined;
  readonly shadowSpan: SpanIds | undefined;
}

export interface KeptPair extends KeptContent {
  /** `sample`, `largest difference of score in state=CO`, ... */
  readonly why: readonly string[];
}

/** A redacted body. */
export interface KeptBody {
  /** At most 65,536 characters. */
  readonly text: string;
  /** Characters beyond. */
  readonly cut: number;
  /** Why there is no text, or not all of it; undefined: this is the body. */
  readonly note: string | undefined;
  readonly json: boolean;
}

/** 32 and 16 hex digits. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

export interface KeptOrigin {
  readonly production: ProductionExchange;
  readonly shadow: ShadowExchange;
  readonly redaction: Redaction;
  readonly prediction: PredictionSpec | undefined;
}

const MAX_BODY_CHARS = 65_536;

export function keptContent(pair: Pair, { production, shadow, redaction, prediction }: KeptOrigin): KeptContent {
  const [reference, candidate] = pair.answeredBy === 'reference' ? [production, shadow] : [shadow, production];
  return {
    pair: shownPair(pair, redaction, prediction),
    reference: keptBody(reference.body, redaction),
    candidate: keptBody(candidate.body, redaction),
    request: keptBody(production.request.body, redaction),
    productionSpan: spanIds(production.span),
    shadowSpan: spanIds(shadow.span),
  };
}

export function keptBody(body: CapturedBody | undefined, redaction: Redaction): KeptBody | undefined {
  if (body === undefined) return undefined;
  const { bytes, json, unread } = body;
  if (unread !== undefined && unread !== 'truncated') return { text: '', cut: 0, note: unread, json };
  const { text, note }: RedactedText = redaction.body(bytes, json);
  // a pair of surrogates is not cut in two
  const end =
    text.length > MAX_BODY_CHARS && isHighSurrogate(text, MAX_BODY_CHARS - 1) ? MAX_BODY_CHARS - 1 : MAX_BODY_CHARS;
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(unread === undefined ? [] : [`${unread}: longer than capture`]),
  ];
  return {
    text: text.slice(0, end),
    cut: Math.max(0, text.length - end),
    note: notes.length === 0 ? undefined : notes.join('; '),
    json,
  };
}

/** What holding it costs, roughly: two bytes a character, and some for each object. */
export function keptBytes({ pair, reference, candidate, request }: KeptContent): number {
  const bodies = [reference, candidate, request].reduce((sum, body) => sum + (body?.text.length ?? 0), 0);
  return 2_000 + 2 * (bodies + JSON.stringify(pair).length);
}

function isHighSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}

function spanIds(span: SpanIds | undefined): SpanIds | undefined {
  return span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId };
}
