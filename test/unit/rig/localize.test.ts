import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { localizeEnvoyConfig } from '../../../rig/localize.ts';

const cluster = `clusters: [{ address: { socket_address: { address: model, port_value: 8080 } } }]`;
const nothing = { endpoints: {}, pipes: {}, files: {} };

test('an endpoint shared by an alias is replaced once in each place', () => {
  const text = `clusters:\n- &a { socket_address: { address: model, port_value: 8080 } }\n- *a\n`;
  const local = localizeEnvoyConfig(text, { ...nothing, endpoints: { 'model:8080': { address: '::1', port: 7 } } });
  const replaced = { socket_address: { address: '::1', port_value: 7 } };
  expect(parse(local)).toEqual({ clusters: [replaced, replaced] });
});

test('a name that nothing stands for is an error that names it', () => {
  expect(() => localizeEnvoyConfig(cluster, nothing)).toThrow('model:8080');
  expect(() => localizeEnvoyConfig('pipe: { path: /run/a.sock }', nothing)).toThrow('/run/a.sock');
  expect(() => localizeEnvoyConfig('filename: /etc/a.lua', nothing)).toThrow('/etc/a.lua');
});
