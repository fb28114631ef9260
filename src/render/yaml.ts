/** Text that is safe inside a YAML file, in block and in flow style. */
import type { Address } from './plan.ts';

const plain = /^([A-Za-z/][\w./-]*|\d{1,3}(\.\d{1,3}){3})$/;
/** In YAML 1.1, which Envoy reads, these are truth values, nothing and numbers. */
const keyword = /^(y|n|yes|no|on|off|true|false|null|e-?\d+)$/i;

/** `text` as it is where that is safe, else in double quotes; JSON's escapes are YAML's. */
export function scalar(text: string): string {
  return plain.test(text) && !keyword.test(text) ? text : JSON.stringify(text);
}

export function socketAddress({ host, port }: Address): string {
  return `{ socket_address: { address: ${scalar(host)}, port_value: ${port} } }`;
}

/** 9500 -> `9.5s` */
export function seconds(ms: number): string {
  return `${ms / 1000}s`;
}
