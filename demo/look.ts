import { until } from '../rig/until.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Pair } from '../src/gen/understudy/admin/v1/admin.ts';
import type { Circle } from './circle.ts';
import { slippedState } from './models/fit.ts';
import { faulty, field } from './parting.ts';
import { heading } from './screen.ts';

/** The comparison's span is sent some seconds after its pair. */
const traceWithinMs = 8_000;

/** Says where to look next; `pair` is the one whose trace is shown. `keep` says whether anything is still there to be asked. */
export async function showWhereToLook(
  circle: Circle,
  pair: Pair | undefined,
  terminal: Terminal,
  keep: boolean,
): Promise<void> {
  heading(
    terminal,
    'Where to look next',
    keep
      ? 'Everything goes on, under the same load, until Ctrl-C. In another terminal:'
      : '`npm run demo -- --keep` goes on until Ctrl-C; then, in another terminal:',
  );
  terminal.out(`   export UNDERSTUDY_CONFIG=${keep ? circle.configFile : '<the file it names>'}\n`);
  const id = (keep && pair?.id) || 'ID';
  const commands = [
    'status --watch',
    `pairs --shadow ${faulty} --segment state=${slippedState} --field ${field}`,
    `pair ${id} --shadow ${faulty} --bodies`,
    'verdict flight-delay',
    'plan',
    'report --since 1h',
    'events',
    "explain --route flight-delay -H 'x-user-id: user-00042'",
  ];
  for (const command of commands) terminal.out(`   node bin/understudy.cjs ${command}\n`);
  if (keep) terminal.out(`\n   Envoy's admin page   http://127.0.0.1:${circle.envoy.adminPort}/\n`);
  const trace = pair && (await findTrace(circle, pair, terminal.signal));
  if (trace) terminal.out(`${keep ? '' : '\n'}   The pair in Jaeger   ${trace}\n`);
}

/** Address and size of the pair's trace; undefined when there is no Jaeger or it does not get the whole trace in time. */
async function findTrace({ jaeger }: Circle, { traceId }: Pair, signal: AbortSignal): Promise<string | undefined> {
  if (!jaeger || traceId === '') return undefined;
  const compared = async () => {
    if (signal.aborted) return 'interrupted';
    const { data } = (await jaeger.query(`/api/traces/${traceId}`)) as JaegerAnswer;
    const spans = data.flatMap((trace) => trace.spans);
    return spans.some(({ operationName }) => operationName === 'understudy.compare') && spans;
  };
  const what = `Jaeger has the trace ${traceId}`;
  const spans = await until(compared, { what, timeoutMs: traceWithinMs }).catch(() => undefined);
  if (spans === undefined || spans === 'interrupted') return undefined;
  return `http://127.0.0.1:${jaeger.queryPort}/trace/${traceId} (${spans.length} spans)`;
}

type JaegerAnswer = { data: { spans: { operationName: string }[] }[] };
