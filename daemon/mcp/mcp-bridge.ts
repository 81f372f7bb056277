/** Passes messages of the Model Context Protocol on between the standard streams and a daemon. */
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Address } from '../client/client.ts';
import { MCP_ACTIONS_HEADER, MCP_PATH } from '../contract/tools.ts';

/** The id of the request that opens a session anew, whose answer the assistant does not see. */
const REOPENING = 'modelthat-session';

interface Parts {
  /** Finds the daemon, or starts it. */
  readonly find: () => Promise<Address>;
  /** Whether the assistant gets tools that act. */
  readonly allowActions: boolean;
  readonly receive: (message: JSONRPCMessage) => void;
  readonly complain: (error: Error) => void;
}

/**
 * Goes on until the assistant ends.
 *
 * @param find finds the daemon, or starts it
 * @param allowActions whether the assistant gets tools that act
 * @param say tells the person what went wrong: the standard output is the protocol's
 */
export async function bridge(
  find: () => Promise<Address>,
  allowActions: boolean,
  say: (text: string) => void,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let isEnding = false;
  const complain = (error: Error) => {
    // What is under way at the end is broken off.
    if (!isEnding) say(`modelthat mcp: ${error.message}`);
  };
  const client = new StdioServerTransport();
  const receive = (message: JSONRPCMessage) => void client.send(message).catch(complain);
  const daemon = new DaemonSide({ find, allowActions, receive, complain });
  client.onmessage = message =>
    void daemon.send(message).catch(error => {
      complain(error);
      // Who asked is not left waiting.
      if (isRequest(message)) receive(failure(message.id, error.message));
    });
  client.onclose = ended.resolve;
  client.onerror = complain;
  process.stdin.once('end', ended.resolve);
  await client.start();
  await ended.promise;
  isEnding = true;
  await Promise.all([daemon.close(), client.close()]);
}

/** The session with the daemon. Daemons stop when they are idle, and are replaced; assistants stay. */
class DaemonSide {
  readonly #parts: Parts;
  #transport: Promise<StreamableHTTPClientTransport>;
  /** What the assistant opened its session with. */
  readonly #opening: JSONRPCMessage[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#transport = this.#connect();
    this.#transport.catch(() => {});
  }

  /** Sends a message; where the daemon does not know the session any more, in a new one. */
  async send(message: JSONRPCMessage): Promise<void> {
    const used = this.#transport;
    try {
      await (await used).send(message);
    } catch (error) {
      if (!isLost(error)) throw error;
      if (this.#transport === used) this.#transport = this.#reopen(used);
      await (await this.#transport).send(message);
    }
    if ('method' in message && /^(initialize|notifications\/initialized)$/.test(message.method))
      this.#opening.push(message);
  }

  async close(): Promise<void> {
    const transport = await this.#transport.catch(() => undefined);
    await transport?.terminateSession().catch(() => {});
    await transport?.close();
  }

  async #reopen(lost: Promise<StreamableHTTPClientTransport>): Promise<StreamableHTTPClientTransport> {
    await lost.then(transport => transport.close()).catch(() => {});
    const transport = await this.#connect();
    for (const message of this.#opening)
      await transport.send(isRequest(message) ? { ...message, id: REOPENING } : message);
    return transport;
  }

  async #connect(): Promise<StreamableHTTPClientTransport> {
    const { find, allowActions, receive, complain } = this.#parts;
    const { url, token } = await find();
    const headers = {
      authorization: `Bearer ${token}`,
      ...(allowActions && { [MCP_ACTIONS_HEADER]: 'allow' }),
    };
    const transport = new StreamableHTTPClientTransport(new URL(MCP_PATH, url), { requestInit: { headers } });
    transport.onmessage = message => {
      if (!('id' in message && message.id === REOPENING)) receive(message);
    };
    transport.onerror = error => {
      if (!isLost(error)) complain(error);
    };
    await transport.start();
    return transport;
  }
}

/** Whether a failure means that the daemon is gone, or another one than that of the session. */
function isLost(error: unknown): boolean {
  return error instanceof StreamableHTTPError
    ? error.code === 404
    : error instanceof TypeError && error.message === 'fetch failed';
}

type AnyRequest = Extract<JSONRPCMessage, { id?: unknown; method: string }> & { id: string | number };

function isRequest(message: JSONRPCMessage): message is AnyRequest {
  return 'method' in message && 'id' in message;
}

function failure(id: string | number, message: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: -32_603, message } };
}
