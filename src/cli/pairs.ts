import type { Pair, Side } from '../gen/understudy/admin/v1/admin.ts';
import { follow, withAdmin } from './client.ts';
import type { Settings } from './settings.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface PairsOptions extends Settings {
  readonly rollout?: string;
  readonly shadow?: string;
  readonly different?: boolean;
  readonly recent: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints the newest pairs, oldest first, one a line; with `follow` also those to come. */
export function showPairs(options: PairsOptions, terminal: Terminal): Promise<void> {
  const request = {
    rollout: options.rollout ?? '',
    shadow: options.shadow ?? '',
    onlyDifferent: options.different ?? false,
    recent: options.recent,
    follow: options.follow ?? false,
  };
  return withAdmin(options, terminal, (client) =>
    follow(client.watchPairs(request), terminal, (pair) => {
      if (options.json) printJson(terminal, pair);
      else terminal.out(describe(pair, terminal));
    }),
  );
}

function describe(pair: Pair, terminal: Terminal): string {
  const lost = pair.droppedBefore > 0 ? `(${pair.droppedBefore} pairs lost here: reading was too slow)\n` : '';
  const outputs = Object.entries(pair.outputs).map(([name, same]) => `${name} ${same ? 'same' : 'different'}`);
  const isDifferent = !pair.sameStatus || pair.body === 'different' || Object.values(pair.outputs).includes(false);
  const result = [`body ${pair.body}`, ...outputs, ...(pair.referenced ? [] : ['unreferenced'])].join(', ');
  const columns = [
    new Date(pair.timeMs).toISOString(),
    pair.id,
    `${pair.rollout}/${pair.shadow}`,
    describeSide(pair.reference),
    describeSide(pair.candidate),
    isDifferent ? paint(terminal, 'yellow', result) : result,
  ];
  return `${lost}${columns.join('  ')}\n`;
}

function describeSide(side: Side | undefined): string {
  if (!side || side.status === 0) return `${side?.version} no answer (${side?.details})`;
  const grpc = side.grpcStatus === undefined ? '' : ` grpc ${side.grpcStatus}`;
  return `${side.version} ${side.status}${grpc}${side.latencyMs === undefined ? '' : ` ${side.latencyMs.toFixed(1)} ms`}`;
}
