import { describe, expect, onTestFinished, test } from 'vitest';
import { jaegerBinary, startJaeger } from '../../rig/jaeger.ts';
import { until } from '../../rig/until.ts';
import { Stage } from './stage.ts';

/** A span as Jaeger's OTLP query API (`/api/v3`) gives it. */
interface Span {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
  readonly attributes?: readonly { readonly key: string; readonly value: object }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

const binary = jaegerBinary();
const title = binary === undefined ? 'in Jaeger (skipped: no $JAEGER_BIN and no jaeger on PATH)' : 'in a real Jaeger';

describe.skipIf(binary === undefined)(title, () => {
  test('one trace holds production and shadow: our decide span under Envoy’s, our compare span linking both model calls', async () => {
    const jaeger = await startJaeger(binary ?? '');
    onTestFinished(() => jaeger.stop());
    const stage = await Stage.start({
      otlpPort: jaeger.otlpGrpcPort,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${jaeger.otlpHttpPort}`, OTEL_BSP_SCHEDULE_DELAY: '100' },
    });
    onTestFinished(() => stage.stop());
    await stage.request({ 'x-user-id': 'secret-user', 'x-geo-state': 'secret-state' }, '{}', '/infer?secret=query');
    const traceId = (await stage.waitForPairs(2))[0]?.traceId ?? '';
    const spans = await until(() => wholeTrace(jaeger.query, traceId), { what: 'all spans', timeoutMs: 30_000 });

    const decide = spans.find(({ name }) => name === 'understudy.decide');
    const parent = spans.find(({ spanId }) => spanId === decide?.parentSpanId);
    expect(parent?.name).toBe('async envoy.service.ext_proc.v3.ExternalProcessor.Process egress');
    expect(attributesOf(decide)).toMatchObject({
      'understudy.rollout': 'flight-delay',
      'understudy.arm': 'stable',
      'understudy.reason': 'hash',
      'understudy.weight_bp': 0,
    });

    const production = spans.find(({ name }) => name === 'router flight-delay-v1 egress')?.spanId;
    for (const [shadow, cluster] of [
      ['candidate', 'flight-delay-v2-shadow'],
      ['next', 'flight-delay-v3-shadow'],
    ]) {
      const compare = spans.find((span) => attributesOf(span)['understudy.shadow'] === shadow);
      const mirrored = spans.find(({ name }) => name === `router ${cluster} egress`)?.spanId;
      expect(compare?.name).toBe('understudy.compare');
      expect(compare?.parentSpanId).toBe(production);
      expect(compare?.links).toMatchObject([
        { traceId, spanId: production },
        { traceId, spanId: mirrored },
      ]);
      expect(attributesOf(compare)).toMatchObject({
        'understudy.rollout': 'flight-delay',
        'understudy.arm': 'stable',
        'understudy.same_status': true,
        'understudy.same_body': false,
        'understudy.reference.latency_ms': expect.any(Number),
        'understudy.candidate.latency_ms': expect.any(Number),
        'understudy.latency_difference_ms': expect.any(Number),
      });
    }

    const ours = spans.filter(({ service }) => service === 'understudy');
    expect(ours).toHaveLength(3);
    expect(JSON.stringify(ours)).not.toMatch(/secret|expected_delay|127\.0\.0\.1/);
  });
});

/** All spans of the trace, once it holds ours and Envoy's calls of production and both shadows. */
async function wholeTrace(query: (path: string) => Promise<unknown>, traceId: string): Promise<Span[] | undefined> {
  interface Answer {
    result: { resourceSpans: { resource: Pick<Span, 'attributes'>; scopeSpans: { spans: Span[] }[] }[] };
  }
  const { result } = (await query(`/api/v3/traces/${traceId}`)) as Answer;
  const spans = result.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource)['service.name']);
    return scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service })));
  });
  const count = (pattern: RegExp) => spans.filter(({ name }) => pattern.test(name)).length;
  return count(/^understudy\./) === 3 && count(/^router .* egress$/) === 3 && count(/Process egress$/) === 1
    ? spans
    : undefined;
}

/** OTLP's JSON writes an integer as text. */
function attributesOf(span: Pick<Span, 'attributes'> | undefined): Record<string, unknown> {
  const plain = (value: object) => ('intValue' in value ? Number(value.intValue) : Object.values(value)[0]);
  return Object.fromEntries(span?.attributes?.map(({ key, value }) => [key, plain(value)]) ?? []);
}
