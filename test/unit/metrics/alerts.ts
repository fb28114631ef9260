import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { seriesIn } from './existing-series.ts';

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The rules of docs/alerts.yaml. */
export function alertRules(): AlertRule[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../../docs/alerts.yaml'), 'utf8');
  const { groups } = parse(text) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Every metric that a rule's expression names. */
export function alertedMetrics(): string[] {
  const names = alertRules().flatMap(({ expr }) => seriesIn(expr));
  // the labels that Envoy puts on its metrics have its name in front too
  return [...new Set(names)].filter((name) => !/^envoy_(cluster_name|http_conn_manager_prefix)$/.test(name));
}
