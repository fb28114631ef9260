/**
 * The message sequences an ext_proc server has to survive, 1 to 55, as data. What no sequence of messages can show
 * names the test that proves it.
 *
 * Our answer to request headers ends the stream (OK, Envoy's "carry on without me"), so what comes after them on the
 * same stream gets nothing; each such sequence is therefore also played as Envoy sends it with
 * `request_header_mode: SKIP`, where every message is answered.
 */
import { inValue, MODE, nothing, PB, PH, PT, RB, RH, RT, USER } from './messages.ts';

export interface Play {
  readonly number: number;
  readonly sentence: string;
  readonly send: readonly Buffer[];
  /** After the last message, once all answers are there; default: half-close. */
  readonly end?: 'half-close' | 'cancel';
  /** The next message is sent when the one before was answered. */
  readonly lockStep?: true;
  /** As messages.ts shortens them. */
  readonly answers: readonly string[];
  /** gRPC status code and, unless it is 0, its message; default: 0. A cancelled stream has none. */
  readonly status?: readonly [code: number, reason: string];
  /** How often the observer is told of which fault. */
  readonly faults?: readonly string[];
}

export interface ProvenElsewhere {
  readonly number: number;
  readonly sentence: string;
  /** A file below test/ and how the name of a test in it begins. */
  readonly provenBy: readonly [file: string, name: string];
}

/** With its copy: the request has no body. */
const MIRRORED = 'requestHeaders canary +2';
/** A body of unknown length is not mirrored. */
const CANARY = 'requestHeaders canary';
const NO_UNIT = 'requestHeaders stable';
const UNTOUCHED = 'requestHeaders untouched';
const invalid = (reason: string) => ({ status: [3, reason] as const, faults: ['refused'] });
const unimplemented = (reason: string) => ({ status: [12, reason] as const, faults: ['refused'] });
const duplex = { protocol: { request: MODE.FULL_DUPLEX_STREAMED } };
const NO_DUPLEX = unimplemented('request_body_mode FULL_DUPLEX_STREAMED is not supported: use NONE');
const headers = (...more: (readonly [string, string | Buffer])[]) => ({ headers: [...USER, ...more] });

type More = Pick<Play, 'end' | 'lockStep' | 'status' | 'faults'>;
const play = (number: number, sentence: string, send: Buffer[], answers: string[], more: More = {}): Play => ({
  number,
  sentence,
  send,
  answers,
  ...more,
});
const elsewhere = (number: number, sentence: string, file: string, name: string): ProvenElsewhere => ({
  number,
  sentence,
  provenBy: [file, name],
});

export const PLAYS: readonly Play[] = [
  play(1, 'a request without a body gets one answer', [RH({ end: true })], [MIRRORED]),
  play(2, 'response headers after the decision get nothing: the stream ended', [RH(), PH({ end: true })], [CANARY]),
  play(2, 'response headers alone are answered', [PH({ end: true })], ['responseHeaders']),
  play(3, 'bodies after the decision get nothing', [RH(), RB({ end: true }), PH(), PB({ end: true })], [CANARY]),
  play(
    3,
    'without request headers, three answers of matching kinds',
    [RB({ end: true }), PH(), PB({ end: true })],
    ['requestBody', 'responseHeaders', 'responseBody'],
  ),
  play(
    4,
    'everything after the decision gets nothing',
    [RH(), RB(), RB({ end: true }), RT(), PH(), PB(), PT()],
    [CANARY],
  ),
  play(
    4,
    'without request headers, one matching answer each',
    [RB(), RB({ end: true }), RT(), PH(), PB(), PT()],
    ['requestBody', 'requestBody', 'requestTrailers', 'responseHeaders', 'responseBody', 'responseTrailers'],
  ),
  play(
    5,
    'interleaved sides are answered by kind',
    [PH(), RB({ end: true }), PB({ end: true })],
    ['responseHeaders', 'requestBody', 'responseBody'],
  ),
  play(6, 'a response before any request is no decision', [PH()], ['responseHeaders']),
  play(7, 'a body before any headers is carried on', [RB()], ['requestBody']),
  play(8, 'request trailers alone get theirs', [RT()], ['requestTrailers']),
  play(8, 'response trailers alone get theirs', [PT()], ['responseTrailers']),
  play(9, 'a value in raw_value only is read', [RH({ headers: [['x-user-id', 'u']] })], [CANARY]),
  play(10, 'a value in value only is read', [RH({ headers: [inValue('x-user-id', 'u')] })], [CANARY]),
  play(
    10,
    'an empty header value, without raw_value, is no unit',
    [RH({ headers: [inValue('x-user-id', '')] })],
    [NO_UNIT],
  ),
  play(
    10,
    'an empty header value does not hide the next unit source',
    [RH({ headers: [inValue('x-user-id', ''), inValue('x-session', 's')] })],
    [CANARY],
  ),
  play(
    11,
    'bytes that are no UTF-8 are a unit like any other',
    [
      RH({
        headers: [
          ['x-user-id', Buffer.from('ff00fe80', 'hex')],
          ['x-geo-country', Buffer.from('c3', 'hex')],
        ],
      }),
    ],
    [CANARY],
  ),
  play(
    12,
    'a header that comes twice is one value, both parts seen',
    [
      RH({
        headers: [
          ['x-canary', 'al'],
          ['x-canary', 'ways'],
        ],
      }),
    ],
    [NO_UNIT],
  ),
  play(
    12,
    'a header that comes twice may match as the list it is',
    [
      RH({
        headers: [
          ['x-list', 'a'],
          ['X-List', 'b'],
        ],
      }),
    ],
    [CANARY],
  ),
  play(13, 'a key in upper case is the same key', [RH({ headers: [['X-User-ID', 'u']] })], [CANARY]),
  play(14, 'without method and path there is still a decision', [RH({ headers: [['x-other', 'o']] })], [NO_UNIT]),
  play(
    15,
    '200 headers',
    [RH(headers(...Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'v'] as const)))],
    [CANARY],
  ),
  play(15, 'a value of 64 KiB', [RH({ headers: [['x-user-id', 'u'.repeat(65_536)]] })], [CANARY]),
  play(16, 'an absent header map is a request without a unit', [RH({ headers: null })], [NO_UNIT]),
  play(
    17,
    'a message without a phase is refused, never answered empty',
    [nothing()],
    [],
    invalid('a message without a phase'),
  ),
  play(17, 'bytes that are no message are refused', [Buffer.from('ff', 'hex')], [], {
    status: [3, 'not a ProcessingRequest'],
    faults: ['unreadable'],
  }),
  play(
    18,
    'an observer gets no answer',
    [RH({ observed: true }), RB({ observed: true, end: true }), PH({ observed: true }), PT({ observed: true })],
    [],
  ),
  play(19, 'protocol_config with mode NONE is normal', [RH({ protocol: {} })], [CANARY]),
  play(
    19,
    'protocol_config with streamed or buffered bodies is normal',
    [RH({ protocol: { request: MODE.STREAMED, response: MODE.BUFFERED } }), RB({ end: true })],
    [CANARY],
  ),
  play(20, 'full duplex is refused with the reason', [RH(duplex)], [], NO_DUPLEX),
  play(
    20,
    'full duplex of the response is refused with the reason',
    [RH({ protocol: { response: MODE.FULL_DUPLEX_STREAMED } })],
    [],
    unimplemented('response_body_mode FULL_DUPLEX_STREAMED is not supported: use NONE'),
  ),
  play(
    20,
    'the gRPC body mode is refused with the reason',
    [RH({ protocol: { request: MODE.GRPC } })],
    [],
    unimplemented('request_body_mode GRPC is not supported: use NONE'),
  ),
  play(
    21,
    'protocol_config on a later message is refused',
    [RB(), PH({ protocol: {} })],
    ['requestBody'],
    invalid('protocol_config on a later message than the first'),
  ),
  play(
    22,
    'request headers again, after the decision, get nothing and are no second decision',
    [RH({ end: true }), RH({ end: true })],
    [MIRRORED],
  ),
  play(
    22,
    'request headers twice on a stream still open are refused by name',
    [RH({ observed: true }), RH({ observed: true })],
    [],
    invalid('request headers after request headers'),
  ),
  play(
    22,
    'response headers twice are refused by name',
    [PH({ end: true }), PH({ end: true })],
    ['responseHeaders'],
    invalid('response headers after the end of the response'),
  ),
  play(
    23,
    'a body after its end is refused by name',
    [RB({ end: true }), RB()],
    ['requestBody'],
    invalid('request body after the end of the request'),
  ),
  play(
    23,
    'request headers after a body are refused by name',
    [RB(), RH()],
    ['requestBody'],
    invalid('request headers after request body'),
  ),
  play(
    24,
    'a body after headers that ended the request is refused by name',
    [RH({ end: true, observed: true }), RB({ observed: true })],
    [],
    invalid('request body after the end of the request'),
  ),
  play(
    24,
    'a body after headers that ended the response is refused by name',
    [PH({ end: true }), PB()],
    ['responseHeaders'],
    invalid('response body after the end of the response'),
  ),
  play(
    24,
    'a body after trailers is refused by name',
    [PT(), PB()],
    ['responseTrailers'],
    invalid('response body after response trailers'),
  ),
  play(
    24,
    'trailers twice are refused by name',
    [RT(), RT()],
    ['requestTrailers'],
    invalid('request trailers after request trailers'),
  ),
  play(
    25,
    'no byte of a full-duplex body is swallowed: it is refused before',
    [RH(duplex), RB({ body: '1' }), RB({ body: '2' }), RB({ end: true })],
    [],
    NO_DUPLEX,
  ),
  play(26, 'an empty full-duplex body is refused too', [RH(duplex), RB({ end: true, body: '' })], [], NO_DUPLEX),
  play(
    27,
    'a full-duplex body of 200 KB is refused before it is read',
    [RH(duplex), ...Array.from({ length: 4 }, () => RB({ body: 'x'.repeat(50_000) }))],
    [],
    NO_DUPLEX,
  ),
  play(28, 'full duplex with trailers is refused', [RH(duplex), RB(), RT()], [], NO_DUPLEX),
  play(
    29,
    'chunks in lock-step: an answer to each before the next is sent',
    [RB(), RB(), RB({ end: true })],
    ['requestBody', 'requestBody', 'requestBody'],
    { lockStep: true },
  ),
  play(
    31,
    'a body cut inside a token is not looked at',
    [PB({ body: '{"a":tr' }), PB({ body: 'ue}', end: true })],
    ['responseBody', 'responseBody'],
  ),
  play(
    32,
    'server-sent events pass, the empty end too',
    [
      PH({ headers: [['content-type', 'text/event-stream']] }),
      PB({ body: 'data: {}\n\n' }),
      PB({ body: 'data: [DONE]\n\n' }),
      PB({ body: '', end: true }),
    ],
    ['responseHeaders', 'responseBody', 'responseBody', 'responseBody'],
  ),
  play(33, 'a body that is no JSON is carried on', [RB({ body: '{', end: true })], ['requestBody']),
  play(
    34,
    'a gzip answer with an empty body is carried on',
    [PH({ headers: [['content-encoding', 'gzip']] }), PB({ body: '', end: true })],
    ['responseHeaders', 'responseBody'],
  ),
  play(
    38,
    'after the answer that ends the stream, later messages get nothing',
    [RH(), RB(), nothing(), RH(), Buffer.from('ff', 'hex')],
    [CANARY],
  ),
  play(39, 'a stream without a message ends without an answer', [], []),
  play(40, 'half-close right after the request headers: the answer still comes', [RH()], [CANARY]),
  play(41, 'half-close in the middle of a body ends it', [RB()], ['requestBody']),
  play(42, 'cancel with an unfinished stream leaves nothing behind', [RH({ observed: true })], [], { end: 'cancel' }),
  play(43, 'cancel during a response body is over once', [PH(), PB()], ['responseHeaders', 'responseBody'], {
    end: 'cancel',
  }),
  play(45, 'logic that throws an Error is Envoy’s "carry on", counted', [RH(headers(['x-fail', 'error']))], [], {
    faults: ['failed'],
  }),
  play(45, 'logic that throws something else is Envoy’s "carry on", counted', [RH(headers(['x-fail', 'text']))], [], {
    faults: ['failed'],
  }),
  play(46, 'the route is read from the attribute', [RH({ route: 'ranker' })], [CANARY]),
  play(46, 'a route of no rollout is left untouched', [RH({ route: 'another' })], [UNTOUCHED]),
  play(46, 'without the attribute the request is left untouched', [RH({ route: null })], [UNTOUCHED]),
  play(
    47,
    'metadata of unknown namespaces is ignored',
    [RH({ metadata: { 'envoy.lb': { subset: ['a'] }, understudy: { arm: 'stable' } } })],
    [CANARY],
  ),
  play(
    48,
    'control headers that a client forged are not believed',
    [
      RH({
        headers: [
          ['x-understudy-arm', 'canary'],
          ['x-understudy-mirror-4', 'users'],
          ['x-understudy-id', 'f'],
        ],
      }),
    ],
    [NO_UNIT],
  ),
  play(48, 'a copy that led back is left untouched', [RH(headers(['x-shadowed', '1']))], [UNTOUCHED]),
];

export const PROVEN_ELSEWHERE: readonly ProvenElsewhere[] = [
  elsewhere(
    30,
    'a message over the limit is refused before it is in memory',
    'wire/sequences/sequences.test.ts',
    'a message over 4 MiB is refused',
  ),
  elsewhere(
    35,
    'streams interleaved on one connection are independent',
    'wire/sequences/sequences.test.ts',
    'two streams interleaved on one connection, with one x-request-id',
  ),
  elsewhere(
    36,
    '100 streams at once',
    'wire/sequences/sequences.test.ts',
    '100 streams at once each get the answer of their own user',
  ),
  elsewhere(
    37,
    'the same user is always on the same side',
    'unit/routing/decide.test.ts',
    'is the same for the same user whatever else the request says',
  ),
  elsewhere(44, 'a decision slower than Envoy waits', 'system/sidecar-faults.test.ts', 'is frozen and woken'),
  elsewhere(
    45,
    'other streams are unaffected by one that fails',
    'wire/sequences/sequences.test.ts',
    'logic that throws costs the streams beside it nothing',
  ),
  elsewhere(
    49,
    'a snapshot changed while streams are open',
    'wire/sequences/sequences.test.ts',
    'a snapshot changed while 50 streams are open',
  ),
  elsewhere(
    50,
    'a bad configuration leaves the old one in place',
    'system/reload.test.ts',
    'a bad file changes nothing, is counted',
  ),
  elsewhere(51, 'SIGTERM with requests in flight', 'system/life-cycle.test.ts', 'SIGTERM under load'),
  elsewhere(
    52,
    'a stream that hangs at the end',
    'wire/sequences/sequences.test.ts',
    'a stream that hangs when the listener closes is cut, and not with OK',
  ),
  elsewhere(53, 'health by name', 'wire/decide.test.ts', 'answers the health check of %j'),
  elsewhere(
    54,
    'no answer holds what Envoy refuses',
    'wire/sequences/sequences.test.ts',
    'whatever is sent, no answer holds',
  ),
  elsewhere(
    55,
    'a canary decision changes the route in Envoy',
    'system/routing.test.ts',
    'a header rule, at any weight',
  ),
];
