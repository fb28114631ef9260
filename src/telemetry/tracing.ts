/** OpenTelemetry for one thread, configured by the standard `OTEL_*` variables alone. */
import { ProxyTracerProvider, type Tracer, trace } from '@opentelemetry/api';
import { envDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';

const SCOPE = 'understudy';
/** Any of these says where spans should go; without one a sidecar must not knock at a collector nobody runs. */
const WANTED = ['OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

export interface Tracing {
  readonly tracer: Tracer;
  /** Exports what is left; gives up quietly when the collector is gone. */
  stop(): Promise<void>;
}

export function startTracing(env: NodeJS.ProcessEnv): Tracing {
  if (!WANTED.some((name) => env[name]))
    return { tracer: new ProxyTracerProvider().getTracer(SCOPE), stop: async () => {} };
  const sdk = new NodeSDK({
    ...(env.OTEL_SERVICE_NAME ? {} : { serviceName: 'understudy' }),
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return { tracer: trace.getTracer(SCOPE), stop: () => sdk.shutdown().catch(() => {}) };
}
