import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { existingSeries, seriesIn } from './existing-series.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { query: string } }[];
  };
  readonly panels: readonly Panel[];
}

const text = readFileSync(resolve(import.meta.dirname, '../../../docs/grafana.json'), 'utf8');
const dashboard = JSON.parse(text) as Dashboard;
const { panels } = dashboard;
const graphs = panels.filter(({ type }) => type !== 'row');
const targets = graphs.flatMap(({ title, targets: all = [] }) => all.map((target) => ({ title, ...target })));
const series = existingSeries();
const asked = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'string' ? [] : [query.query]));

/** The selectors of an expression: series and the names of the labels it asks for. */
function selectorsIn(expression: string): { readonly name: string; readonly labels: readonly string[] }[] {
  const selectors = expression.matchAll(/\b((?:understudy|process)_[a-z0-9_]+)\b(?:\{([^}]*)\})?/g);
  return [...selectors].map(([, name = '', inner = '']) => ({
    name,
    labels: [...inner.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}

test('every series that the dashboard asks for exists', () => {
  const named = [...targets.map(({ expr }) => expr), ...asked].flatMap(seriesIn);
  expect(new Set(named).size).toBeGreaterThan(40);
  expect(named.filter((name) => !series.has(name))).toEqual([]);
});

test('every label that it selects, groups by or writes into a legend is one of its series', () => {
  const faults = targets.flatMap(({ title, expr, legendFormat }) => {
    const selectors = selectorsIn(expr);
    const known = new Set(selectors.flatMap(({ name }) => [...(series.get(name) ?? []), 'le']));
    const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/, ?/));
    const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const unknown = [
      ...selectors.flatMap(({ name, labels }) => labels.filter((label) => !series.get(name)?.has(label))),
      ...[...grouped, ...legend].filter((label) => label !== '' && !known.has(label)),
    ];
    return unknown.map((label) => `${title}: ${label}`);
  });
  expect(faults).toEqual([]);
});

test('every part of the sidecar has a row, and every graph a title of its own, a unit and a legend', () => {
  expect(panels.filter(({ type }) => type === 'row').map(({ title }) => title.split(/[ :]/)[0])).toEqual([
    'Users',
    'Pairs',
    'Agreement',
    'Drift',
    'Latency',
    'Recording',
    'Health',
  ]);
  const rowed = (panel: Panel) =>
    panels.filter(({ type, gridPos }) => type === 'row' && gridPos.y < panel.gridPos.y).at(-1);
  const titles = graphs.map((panel) => `${rowed(panel)?.title}: ${panel.title}`);
  expect(new Set(titles).size).toBe(graphs.length);
  for (const { title, fieldConfig, targets: all = [] } of graphs) {
    expect(title).toMatch(/^[A-Z]/);
    expect(fieldConfig?.defaults.unit, title).toBeTruthy();
    expect(all.length, title).toBeGreaterThan(0);
    for (const { legendFormat } of all) expect(legendFormat, title).toBeTruthy();
  }
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
});

test('no two panels overlap, and all are on the grid', () => {
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.get(`${x},${y}`), `${title} at ${x},${y}`).toBeUndefined();
        taken.set(`${x},${y}`, title);
      }
    }
  }
});

test('it asks whoever imports it for a Prometheus, and uses every variable it has', () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  expect(names).toEqual(['datasource', 'instance', 'rollout', 'shadow']);
  const used = [...targets.map(({ expr }) => expr), ...asked].join('\n');
  for (const name of names.slice(1)) expect(used).toContain(`=~"$${name}"`);
  expect(
    [...used.matchAll(/\$([a-z]+)\b/g)].map(([, name = '']) => name).filter((name) => !names.includes(name)),
  ).toEqual([]);
  for (const { title, datasource } of graphs) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: how Grafana writes it
    expect(datasource?.uid, title).toBe('${datasource}');
  }
});
