/** A model server that does what a test tells it to. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** `hang`: reads the request and never answers; `refuse`: cuts every connection; `slow`: answers after `delayMs`. */
export type Behaviour =
  | {
      readonly kind: 'answer';
      readonly status?: number;
      readonly body?: (version: string, seen: SeenRequest) => string;
    }
  /** Whatever the request asks for; undefined = it never answers. */
  | { readonly kind: 'by-request'; readonly answer: (seen: SeenRequest) => TestAnswer | undefined }
  | { readonly kind: 'hang' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface TestAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export class TestModel {
  readonly version: string;
  readonly #server: http.Server;
  /** The newest requests, at most 1,000. */
  readonly seen: SeenRequest[] = [];
  requests = 0;
  behaviour: Behaviour = { kind: 'answer' };

  private constructor(version: string) {
    this.version = version;
    this.#server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
      this.#serve(request, response),
    );
  }

  static async start(version: string): Promise<TestModel> {
    const model = new TestModel(version);
    await new Promise<void>((resolve) => model.#server.listen(0, '127.0.0.1', resolve));
    return model;
  }

  get endpoint(): { address: string; port: number } {
    return { address: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { behaviour } = this;
    if (behaviour.kind === 'refuse') {
      request.socket.destroy();
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      this.requests++;
      const seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
      this.seen.push(seen);
      if (this.seen.length > 1_000) this.seen.shift();
      if (behaviour.kind === 'slow') setTimeout(() => this.#answer(response, behaviour, seen), behaviour.delayMs);
      else if (behaviour.kind !== 'hang') this.#answer(response, behaviour, seen);
    });
  }

  #answer(response: http.ServerResponse, behaviour: Behaviour, seen: SeenRequest): void {
    if (behaviour.kind === 'by-request') {
      const answer = behaviour.answer(seen);
      if (answer === undefined) return;
      const { status = 200, headers = {}, body } = answer;
      this.#write(response, status, headers, JSON.stringify(body));
      return;
    }
    const { status = 200, body = inference } = behaviour.kind === 'answer' ? behaviour : {};
    this.#write(response, status, {}, body(this.version, seen));
  }

  #write(response: http.ServerResponse, status: number, headers: Record<string, string>, text: string): void {
    response.writeHead(status, {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-model-version': this.version,
    });
    response.end(text);
  }
}

/** An Open Inference answer: every version has a number of its own, all have the same class. */
function inference(version: string): string {
  const number = Number(version.replace(/\D/g, ''));
  return JSON.stringify({
    model_name: 'flight-delay',
    outputs: [
      { name: 'expected_delay_minutes', datatype: 'FP64', shape: [1], data: [number] },
      { name: 'late', datatype: 'BOOL', shape: [1], data: [false] },
    ],
  });
}
