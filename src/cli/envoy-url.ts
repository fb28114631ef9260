import { UsageError } from './exit.ts';

/** Of Envoy's admin page, given as `127.0.0.1:9901` or as a URL. Throws UsageError. */
export function envoyUrl(text: string): string {
  const url = /^https?:/.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return url;
  throw new UsageError(`--envoy: expected for example 127.0.0.1:9901, found ${JSON.stringify(text)}`);
}
