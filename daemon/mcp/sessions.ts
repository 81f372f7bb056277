/** Sessions of the Model Context Protocol: each has a server of its own, with the rights of its token. */
import { randomUUID } from 'node:crypto';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { DaemonClient } from '../client/client.ts';
import { ApiError } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { MCP_ACTIONS_HEADER } from '../contract/tools.ts';
import { mcpServer } from './server.ts';

/** Sessions at a time; of more, the one that was silent longest ends. */
const MAX_SESSIONS = 50;

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  /** The token that opened it: nobody else's requests are part of it. */
  readonly token: string;
}

/** The open sessions, those that were used last at the end. */
export class Sessions {
  readonly #url: string;
  readonly #open = new Map<string, Session>();

  /** @param url the daemon's own address: tools are used by calls to it, so that every check holds for them, too */
  constructor(url: string) {
    this.#url = url;
  }

  /** Begins a session. */
  async open(token: string, principal: Principal, actions: boolean): Promise<Session> {
    const owner = principal.access === 'owner';
    if (actions && !owner)
      throw new ApiError('PERMISSION_DENIED', `${MCP_ACTIONS_HEADER} needs the owner’s token.`);
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: id => {
        this.#open.set(id, session);
      },
    });
    const session: Session = { transport, token };
    transport.onclose = () => {
      if (transport.sessionId !== undefined) this.#open.delete(transport.sessionId);
    };
    await mcpServer(new DaemonClient({ url: this.#url, token }), { owner, actions }).connect(transport);
    const [oldest] = this.#open.values();
    if (this.#open.size >= MAX_SESSIONS) await oldest?.transport.close();
    return session;
  }

  /** A session by the id in a request's header. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  find(id: string | undefined, token: string): Session {
    const session = id === undefined ? undefined : this.#open.get(id);
    if (id === undefined || !session || session.token !== token)
      throw new ApiError('RESOURCE_DOES_NOT_EXIST', 'There is no such session; begin with “initialize”.');
    this.#open.delete(id);
    this.#open.set(id, session);
    return session;
  }
}
