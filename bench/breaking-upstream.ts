/**
 * Two models, the second of which breaks as requests ask it to by `x-break`: `errors-50` (every second answer is a 500),
 * `errors-100`, `hang`, `slow-200` (ms). Prints both ports and serves until it is killed.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

let failing = 0;

const ports = ['1', '2'].map(async (version) => {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const [kind, amount] = version === '2' ? String(request.headers['x-break'] ?? '').split('-') : [];
    const answer = (status: number) => {
      response.writeHead(status, { 'content-length': 2, 'x-model-version': version });
      response.end('{}');
    };
    if (kind === 'slow') setTimeout(answer, Number(amount), 200);
    else if (kind === 'errors') answer(++failing % (100 / Number(amount)) === 0 ? 500 : 200);
    else if (kind !== 'hang') answer(200);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
});
console.log(`ports ${(await Promise.all(ports)).join(' ')}`);
