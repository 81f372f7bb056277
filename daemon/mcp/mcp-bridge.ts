/** Passes messages of the Model Context Protocol on between the standard streams and a daemon. */
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Address } from '../client/client.ts';
import { MCP_ACTIONS_HEADER, MCP_PATH } from '../contract/tools.ts';

/**
 * Goes on until either side ends.
 *
 * @param allowActions whether the assistant gets tools that act
 * @param say tells the person what went wrong: the standard output is the protocol's
 */
export async function bridge(
  address: Address,
  allowActions: boolean,
  say: (text: string) => void,
): Promise<void> {
  const headers = {
    authorization: `Bearer ${address.token}`,
    ...(allowActions && { [MCP_ACTIONS_HEADER]: 'allow' }),
  };
  const client = new StdioServerTransport();
  const daemon = new StreamableHTTPClientTransport(new URL(MCP_PATH, address.url), {
    requestInit: { headers },
  });
  const ended = Promise.withResolvers<void>();
  let isEnding = false;
  const complain = (error: Error) => {
    // What is under way at the end is broken off.
    if (!isEnding) say(`modelthat mcp: ${error.message}`);
  };
  client.onmessage = message =>
    void daemon.send(message).catch(async error => {
      complain(error);
      // Who asked is not left waiting.
      if (isRequest(message)) await client.send(failure(message.id, error.message));
    });
  daemon.onmessage = message => void client.send(message).catch(complain);
  for (const side of [client, daemon]) {
    side.onclose = ended.resolve;
    side.onerror = complain;
  }
  process.stdin.once('end', ended.resolve);
  await daemon.start();
  await client.start();
  await ended.promise;
  isEnding = true;
  await daemon.terminateSession().catch(() => {});
  await Promise.all([daemon.close(), client.close()]);
}

type AnyRequest = Extract<JSONRPCMessage, { id?: unknown; method: string }> & { id: string | number };

function isRequest(message: JSONRPCMessage): message is AnyRequest {
  return 'method' in message && 'id' in message;
}

function failure(id: string | number, message: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: -32_603, message } };
}
