/** Who is sent things over HTTP, in tests. */
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request. */
export interface Delivery {
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A server that keeps what it is sent, and answers as it is told. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** The next answer by path; else it is 200. */
  readonly answers = new Map<string, { status: number; headers?: http.OutgoingHttpHeaders }>();
  readonly #came = new EventEmitter();
  readonly #server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url = '', headers } = request;
    this.deliveries.push({ url, headers, body: Buffer.concat(chunks).toString() });
    const { status, headers: more = {} } = this.answers.get(url) ?? { status: 200 };
    this.answers.delete(url);
    response.writeHead(status, more).end('seen');
    this.#came.emit('came');
  });

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The payloads at a path, once there are so many. */
  async payloads(url: string, count: number): Promise<Record<string, unknown>[]> {
    for (;;) {
      const found = this.deliveries.filter(each => each.url === url);
      if (found.length >= count) return found.map(each => JSON.parse(each.body));
      await once(this.#came, 'came');
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
