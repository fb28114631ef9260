/** The form of understudy.yaml. The message of every issue says what was expected; parse.ts adds what was found. */
import { z } from 'zod';
import { parseBytes, parsePercent } from './units.ts';

const maxCaptureBytes = 1024 * 1024;
// sun_path holds 108 bytes with its final NUL
const maxSocketPathBytes = 106;

function read<T>(expected: string, parse: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const parsed = parse(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  });
}

function map<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? `one of ${keys}` : `a map of ${keys}`),
  });
}

function list<Item extends z.ZodType>(item: Item, expected: string) {
  return z.array(item, { error: `a list of ${expected}` });
}

function oneOrMore<Item extends z.ZodType>(item: Item, expected: string) {
  const asList = (value: unknown) => (Array.isArray(value) ? value : [value]);
  return z.preprocess(asList, z.array(item).min(1, expected));
}

const text = read('a non-empty text', (value) =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined,
);

// these become header values: what is illegal in one would give the user a 500
const name = text.refine(
  (value) => /^[!-~](?:[ -~]{0,126}[!-~])?$/.test(value),
  'printable ASCII without blanks at its ends, at most 128 characters',
);

const headerName = text
  .refine((value) => /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(value), 'a header name')
  .transform((value) => value.toLowerCase());

const absolutePath = text.refine((value) => value.startsWith('/') && !value.includes('\0'), 'an absolute path');

const socketPath = absolutePath.refine(
  (value) => Buffer.byteLength(value) <= maxSocketPathBytes,
  'a socket path under 107 bytes',
);

const percent = read('a percentage from 0% to 100% with at most 2 decimals', (value) =>
  typeof value === 'string' ? parsePercent(value) : undefined,
);

const bytes = read('a size from 0 to 1MiB, for example 64KiB', (value) => {
  const size = typeof value === 'string' || typeof value === 'number' ? parseBytes(String(value)) : undefined;
  return size !== undefined && size <= maxCaptureBytes ? size : undefined;
});

const segmentName = z.string().regex(/^[A-Za-z][\w-]{0,63}$/);
const segmentNameForm = 'a segment name (a letter, then letters, digits, - and _)';

function bySegment<Value extends z.ZodType>(value: Value) {
  return z.record(segmentName, value, {
    error: (issue) => (issue.code === 'invalid_key' ? segmentNameForm : 'a map of segments'),
  });
}

const version = map({ cluster: name, version: name });
const headerSource = map({ header: headerName });

const headerValues = z
  .record(z.string(), name, { error: 'a map of header names to values' })
  .transform((values, context) => {
    const byName = new Map<string, string>();
    for (const [key, value] of Object.entries(values)) {
      const refuse = (message: string) =>
        context.addIssue({ code: 'custom', path: [key], message, params: { atKey: true } });
      const header = headerName.safeParse(key);
      if (!header.success) refuse('a header name');
      else if (byName.has(header.data)) refuse('each header once, in any case');
      else byName.set(header.data, value);
    }
    return Object.fromEntries(byName);
  });

const when = map({
  header: headerValues.optional(),
  segment: bySegment(oneOrMore(name, 'a value or a list of values')).optional(),
}).refine(
  (value) => Object.keys({ ...value.header, ...value.segment }).length > 0,
  'at least one header or segment (a rule without a condition would match every request)',
);

const rule = map({
  when,
  arm: z.enum(['stable', 'canary'], { error: 'stable or canary' }).optional(),
  weight: percent.optional(),
}).refine((value) => (value.arm === undefined) !== (value.weight === undefined), 'either arm or weight');

const rollout = map({
  name,
  route: oneOrMore(name, 'a route name or a list of them').optional(),
  stable: version,
  canary: version,
  shadows: list(map({ name, cluster: name, version: name }), 'shadows')
    .max(4, 'at most 4 shadows')
    .default([]),
  unit: list(headerSource, 'sources, for example { header: x-user-id }').default([]),
  segments: bySegment(headerSource).default({}),
  rules: list(rule, 'rules').default([]),
  capture: map({ request: bytes.default(0), response: bytes.default(0) }).prefault({}),
  salt: text.optional(),
  initialWeight: percent.default(0),
});

export const fileSchema = map({
  trustedHeaders: list(headerName, 'header names').default([]),
  sockets: map({
    decide: oneOrMore(socketPath, 'a socket path or a list of them').default(['/run/understudy/decide.sock']),
    observe: socketPath.default('/run/understudy/observe.sock'),
    admin: socketPath.default('/run/understudy/admin.sock'),
  }).prefault({}),
  store: absolutePath.default('/var/lib/understudy/understudy.db'),
  rollouts: list(rollout, 'rollouts').min(1, 'at least one rollout'),
});

/** understudy.yaml with its defaults: weights in basis points, sizes in bytes, header names in lower case. */
export type ConfigFile = z.output<typeof fileSchema>;
export type RolloutEntry = ConfigFile['rollouts'][number];

/** Keys that a later version will know, at any depth. */
export const laterKeys: ReadonlySet<string> = new Set(
  'mirrorBack prediction stages guards recording baseline auth tls notifications retention admin'.split(' '),
);
