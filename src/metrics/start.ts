import { watchLoopDelay } from '../telemetry/loop-delay.ts';
import { exposition } from './exposition.ts';
import { families, type MetricsSource } from './families.ts';
import { unready } from './readiness.ts';
import { type MetricsServer, startMetricsServer } from './server.ts';

/**
 * Serves /metrics, /healthz and /readyz of the whole sidecar at `listen`, from the control thread. `stopping` is asked at
 * each /readyz. Rejects, naming the address, when it cannot be served.
 */
export function startMetrics(
  listen: string,
  source: Omit<MetricsSource, 'controlDelay'> & { readonly stopping: () => boolean },
): Promise<MetricsServer> {
  const controlDelay = watchLoopDelay();
  return startMetricsServer(listen, {
    metrics: () => exposition(families({ ...source, controlDelay })),
    unready: () => unready(source.observations.threads(), source.stopping()),
  });
}
