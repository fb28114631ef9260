import type { Config } from '../config/parse.ts';
import type { Severity } from '../doctor/check.ts';
import { collectEnvoy, collectSockets } from '../doctor/collect.ts';
import { type Examination, examine, type Finding } from '../doctor/examine.ts';
import { probeFindings, type Step } from '../doctor/probe.ts';
import { sendProbe } from '../doctor/send-probe.ts';
import type { ListRolloutsResponse, Pair } from '../gen/understudy/admin/v1/admin.ts';
import { ask, follow, withAdmin } from './client.ts';
import { envoyUrl } from './envoy-url.ts';
import { FoundError, isServiceError, NoEnvoyError, NoSidecarError, UsageError } from './exit.ts';
import { parseHeader } from './explain.ts';
import { readConfig, type Settings } from './settings.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface DoctorOptions extends Settings {
  /** Envoy's admin endpoint: `127.0.0.1:9901` or a URL. */
  readonly envoy: string;
  /** URL to send one request to. */
  readonly probe?: string;
  /** `name: value`, for the probe. */
  readonly header: readonly string[];
  /** Body of the probe. */
  readonly data?: string;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Prints what is wrong with Envoy and Understudy. Throws FoundError when an error is among it, NoEnvoyError. */
export async function doctor(options: DoctorOptions, terminal: Terminal): Promise<void> {
  const url = envoyUrl(options.envoy);
  if (options.probe !== undefined && !/^https?:$/.test(URL.parse(options.probe)?.protocol ?? '')) {
    throw new UsageError(`--probe: expected an http URL, found ${JSON.stringify(options.probe)}`);
  }
  const config = configIfAny(options, terminal);
  const steps = options.probe === undefined ? undefined : await probe(options.probe, options, terminal);
  // after the probe: what it moved is among the facts
  const envoy = await collectEnvoy(url).catch(noEnvoy);
  const sidecar = await askSidecar(options, terminal);
  const sockets = config === undefined ? [] : await collectSockets(config);
  const examination = examine({ envoy, config, sidecar, sockets });
  const findings = [...probeFindingsOf(steps ?? []), ...examination.findings];

  if (options.json) printJson(terminal, { ...examination, findings, probe: steps });
  else terminal.out(describe({ ...examination, findings }, steps, options, terminal));
  if (findings.some(({ severity }) => severity === 'error')) throw new FoundError();
}

/** Without one, less can be checked; one that is wrong is refused. */
function configIfAny(options: DoctorOptions, terminal: Terminal): Config | undefined {
  try {
    return readConfig(options, terminal);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

async function askSidecar(
  options: DoctorOptions,
  terminal: Terminal,
): Promise<ListRolloutsResponse | { refusal: string }> {
  let answer: ListRolloutsResponse | { refusal: string } = { refusal: 'no answer' };
  try {
    await withAdmin(options, terminal, async (client) => {
      answer = await ask(client, client.listRollouts, {});
    });
  } catch (error) {
    if (error instanceof NoSidecarError) return { refusal: error.message };
    if (isServiceError(error)) return { refusal: error.details };
    throw error;
  }
  return answer;
}

/** undefined when there is no sidecar to follow it in. */
async function probe(url: string, options: DoctorOptions, terminal: Terminal): Promise<Step[] | undefined> {
  const request = { url, headers: Object.fromEntries(options.header.map(parseHeader)), body: options.data };
  let steps: Step[] | undefined;
  const sent = withAdmin(options, terminal, async (client) => {
    const rollouts = () => ask(client, client.listRollouts, {});
    const filter = { rollout: '', shadow: '', onlyDifferent: false, recent: 1_000, follow: false };
    const pairs = async () => {
      const newest: Pair[] = [];
      await follow(client.watchPairs(filter), terminal, (pair) => newest.push(pair));
      return newest;
    };
    steps = await sendProbe(request, { rollouts, pairs }, { signal: terminal.signal });
  });
  await sent.catch((error) => {
    if (!(error instanceof NoSidecarError)) throw error;
  });
  return steps;
}

function noEnvoy(error: Error): never {
  throw new NoEnvoyError(error.message);
}

function probeFindingsOf(steps: readonly Step[]): Finding[] {
  return steps.flatMap(({ step, ok, saw }) => (ok || step === 'copied' ? [] : [{ ...probeFindings[step], what: saw }]));
}

const GROUPS: readonly { severity: Severity; title: string; style: 'red' | 'yellow' | 'cyan' }[] = [
  { severity: 'error', title: 'Errors', style: 'red' },
  { severity: 'warning', title: 'Warnings', style: 'yellow' },
  { severity: 'info', title: 'To know', style: 'cyan' },
];

function describe(
  { findings, checked, skipped }: Examination,
  steps: readonly Step[] | undefined,
  { probe, verbose }: DoctorOptions,
  terminal: Terminal,
): string {
  const parts: string[] = [];
  if (steps) {
    const lines = steps.map(({ step, ok, saw }) => `  ${ok ? 'yes' : 'NO '} ${step.padEnd(8)} ${saw}`);
    parts.push([paint(terminal, 'bold', 'Probe'), ...lines].join('\n'));
  } else if (probe !== undefined) {
    parts.push('The probe was not sent: Understudy does not answer, so that it could not be followed.');
  }
  for (const { severity, title, style } of GROUPS) {
    const ofGroup = Map.groupBy(
      findings.filter((finding) => finding.severity === severity),
      ({ id }) => id,
    );
    if (ofGroup.size === 0) continue;
    parts.push(paint(terminal, style, title), ...[...ofGroup.values()].map(describeFindings));
  }
  if (verbose) {
    parts.push(`Checked: ${checked.join(', ')}`);
    if (skipped.length > 0) parts.push(`Not checked: ${skipped.map(({ id }) => id).join(', ')}`);
  }
  const lacks = [...new Set(skipped.map((skip) => skip.lacks))];
  const missed = skipped.length > 0 ? `; ${skipped.length} could not be made without ${lacks.join(' and ')}` : '';
  const result = findings.length === 0 ? 'Nothing found' : `Found ${findings.length}`;
  parts.push(`${result} in ${checked.length} checks${missed}.`);
  return `${parts.join('\n\n')}\n`;
}

/** All places of one finding, then once why it matters and the mend. */
function describeFindings(findings: readonly Finding[]): string {
  const [first] = findings;
  const places = findings.map(({ what, where }) => `    ${where === undefined ? '' : `${where}: `}${what}`);
  return [`  ${first?.about} [${first?.id}]`, ...places, `    Why:  ${first?.why}`, `    Mend: ${first?.mend}`].join(
    '\n',
  );
}
