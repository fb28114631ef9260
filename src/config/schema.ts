/** The form of understudy.yaml, key by key. Descriptions are for editors; defaults are written as people would. */
import { z } from 'zod';
import type { Match } from '../routing/match.ts';
import type { GeoField } from '../routing/snapshot.ts';
import { editorHas, list, map, named, oneOf, oneOrMore } from './forms.ts';
import { match } from './match.ts';
import { admin, observe } from './schema-access.ts';
import { guards, stages } from './schema-guards.ts';
import { notifications } from './schema-notifications.ts';
import { outcomes } from './schema-outcomes.ts';
import { planForm } from './schema-plan.ts';
import { baseline, prediction } from './schema-prediction.ts';
import { recording, redact } from './schema-recording.ts';
import { mirrorBack, shadow } from './schema-shadow.ts';
import {
  absolutePath,
  anySocketAddress,
  bytes,
  cookieName,
  headerName,
  listenAddress,
  name,
  percent,
  socketAddress,
  socketPath,
  text,
} from './values.ts';

const maxCaptureBytes = 1024 * 1024;

const byName = (expected: string) => z.record(z.string().min(1), match, { error: expected });

/** Header names are the same in any case. */
const byHeader = byName('a map of header names to conditions').transform((values, context) => {
  const conditions = new Map<string, Match>();
  for (const [key, value] of Object.entries(values)) {
    const refuse = (message: string) =>
      context.addIssue({ code: 'custom', path: [key], message, params: { atKey: true } });
    const header = headerName.safeParse(key);
    if (!header.success) refuse('a header name');
    else if (conditions.has(header.data)) refuse('each header once, in any case');
    else conditions.set(header.data, value);
  }
  return Object.fromEntries(conditions);
});

const trustedHeader = headerName.describe('A header of trustedHeaders.');
const unitSource = oneOf(
  {
    header: trustedHeader,
    cookie: cookieName.describe('A cookie; clients choose it.'),
    client: z.literal('address', { error: 'address' }).describe('The client address that Envoy trusts.'),
  },
  '{ header: NAME }, { cookie: NAME } or { client: address }',
);

const geoFields = ['continent', 'country', 'region', 'city'] as const satisfies readonly GeoField[];
const geoip = z
  .enum(geoFields, { error: geoFields.join(', ').replace(/, (\w+)$/, ' or $1') })
  .describe('What geoip.database knows of the client address.');
const segmentSource = oneOf({ header: trustedHeader, geoip }, '{ header: NAME } or { geoip: FIELD }');

const when = map({
  header: byHeader.optional().describe('By header name; only headers of trustedHeaders.'),
  cookie: byName('a map of cookie names to conditions').optional().describe('By cookie name; clients choose these.'),
  query: byName('a map of query parameters to conditions')
    .optional()
    .describe('By query parameter, its first value; clients choose these.'),
  segment: named(match, 'segment').optional().describe('By segment of this rollout.'),
  method: match.optional().describe('HTTP method in capitals; clients choose it.'),
  path: match.optional().describe('Path without its query; clients choose it.'),
})
  .refine(
    ({ method, path, ...named }) =>
      method !== undefined || path !== undefined || Object.values(named).some((by) => Object.keys(by ?? {}).length > 0),
    'at least one condition (a rule without one would match every request)',
  )
  .meta({ description: 'All of it must hold; a value that is missing matches nothing.', minProperties: 1 });

const rule = map({
  when,
  arm: z
    .enum(['stable', 'canary'], { error: 'stable or canary' })
    .optional()
    .describe('Forces this arm, whatever the weight is.'),
  weight: percent.optional().describe("Raises the weight for these requests, once the rollout's weight is above 0."),
})
  .refine((value) => (value.arm === undefined) !== (value.weight === undefined), 'either arm or weight')
  .meta({ oneOf: [editorHas('arm'), editorHas('weight')] });

const version = map({
  cluster: name.describe("Envoy's name of the cluster that runs this version."),
  version: name.describe('The version of the model. Another one makes it a new release.'),
});

const captured = bytes(maxCaptureBytes, '1MiB').prefault(0);

const rollout = map({
  name: name.describe('Used once; also the name of its route in Envoy unless route says another.'),
  route: oneOrMore(name, 'a route name or a list of them')
    .optional()
    .describe("Envoy's route name, or a list of them; left out: the rollout's name."),
  stable: version.describe('Who answers users now.'),
  canary: version.describe('Who is to answer them.'),
  shadows: list(shadow, 'shadows')
    .max(4, 'at most 4 shadows')
    .prefault([])
    .describe('Who gets a copy of each request and answers nobody; up to four.'),
  mirrorBack: mirrorBack
    .optional()
    .describe('One more shadow, of the stable version, for what canary answers: so there are pairs at any weight.'),
  unit: list(unitSource, 'sources, for example { header: x-user-id }')
    .prefault([])
    .describe('Who is kept on one side: the first source that is present. A request without any goes to stable.'),
  segments: named(segmentSource, 'segment').prefault({}).describe('Named slices of the traffic, for rules and traces.'),
  rules: list(rule, 'rules').prefault([]).describe('The first that matches wins.'),
  capture: map({
    request: captured.describe('First bytes of each request body; at most 1MiB.'),
    response: captured.describe('First bytes of each response body; at most 1MiB.'),
  })
    .prefault({})
    .describe('How much of each body is compared; nothing where it is not said.'),
  prediction: prediction
    .optional()
    .describe('What is taken out of the answers to be compared; left out: they are compared as a whole.'),
  baseline: baseline
    .optional()
    .describe('What stands in for a stable version where there is none yet; left out: there is one.'),
  salt: text
    .optional()
    .describe('Goes into every hash of a unit; left out: NAME/CANARY-VERSION. Another one makes it a new release.'),
  initialWeight: percent
    .optional()
    .describe('Read once, when a release is first seen; 0% where left out. Not with stages.'),
  plan: planForm
    .optional()
    .describe(
      'Stages and guards by a name: stages of your own replace its stages, a guard of the same name its guard.',
    ),
  stages: stages.optional().describe('How the weight is to rise; left out: as plan says, else by hand.'),
  guards: guards.prefault([]).describe('What the canary is held to.'),
});

const decideSockets = oneOrMore(socketAddress, 'a socket or a list of them');

export const fileSchema = map({
  trustedHeaders: list(headerName, 'header names')
    .prefault([])
    .describe('Headers that your edge sets or cleans; units, segments and rules may use no others.'),
  sockets: map({
    decide: decideSockets
      .prefault('/run/understudy/decide.sock')
      .describe('Where Envoy asks for decisions; a list gives one decide thread each.'),
    observe: anySocketAddress.prefault('/run/understudy/observe.sock').describe('Where Envoy sends its access logs.'),
    admin: socketPath.prefault('/run/understudy/admin.sock').describe('Where the command line finds the sidecar.'),
  })
    .prefault({})
    .describe('Absolute paths of Unix sockets; decide and observe may be addresses with a port. Needs a restart.'),
  store: absolutePath
    .prefault('/var/lib/understudy/understudy.db')
    .describe('Absolute path of the file with weights and events. Needs a restart.'),
  metrics: map({ listen: listenAddress.describe('Address with a port, for example 127.0.0.1:9464.') })
    .optional()
    .describe('Where /metrics, /healthz and /readyz are served; left out: nowhere. Needs a restart.'),
  admin: admin
    .optional()
    .describe('Where the admin API is served by TCP, beside sockets.admin; left out: nowhere. Needs a restart.'),
  observe: observe.optional().describe('How sockets.observe is served when it is an address. Needs a restart.'),
  geoip: map({ database: absolutePath.describe('Absolute path of a MaxMind database (.mmdb).') })
    .optional()
    .describe('What segments by geoip are looked up in. Needs a restart.'),
  redact: redact.prefault({}).describe('What is made unreadable before anything is stored or shown.'),
  recording: recording.optional().describe('Where pairs and sums are recorded; left out: nowhere.'),
  outcomes: outcomes.optional().describe('Where exposures and outcomes are kept; left out: nowhere.'),
  notifications: notifications.prefault([]).describe('Webhooks that are told of events.'),
  allowBodies: z
    .boolean({ error: 'true or false' })
    .prefault(false)
    .describe('People may see captured bodies of kept pairs through the admin API.'),
  rollouts: list(rollout, 'rollouts').min(1, 'at least one rollout').describe('The models behind Envoy.'),
});

/** understudy.yaml with its defaults: weights in basis points, sizes in bytes, header names in lower case. */
export type ConfigFile = z.output<typeof fileSchema>;
export type RolloutEntry = ConfigFile['rollouts'][number];
