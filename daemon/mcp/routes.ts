/** The Model Context Protocol over HTTP. */
import type { Request } from 'express';
import type { Principal } from '../contract/principal.ts';
import { MCP_ACTIONS_HEADER, MCP_PATH } from '../contract/tools.ts';
import { readJson } from '../http/body.ts';
import type { ApiRouter, RawHandler } from '../http/router.ts';
import { tokenOf } from '../http/tokens.ts';
import type { Sessions } from './sessions.ts';

const SESSION_HEADER = 'mcp-session-id';

/** Mounts the protocol for tokens that may read. @param url the daemon's own address */
export function mountMcp(router: ApiRouter, url: string): void {
  let sessions: Promise<Sessions> | undefined;
  // The protocol's code is loaded with the first assistant: most daemons never see one.
  const loaded = () => {
    sessions ??= import('./sessions.ts').then(module => new module.Sessions(url));
    return sessions;
  };
  const open = async (request: Request, principal: Principal) =>
    (await loaded()).open(tokenIn(request), principal, request.get(MCP_ACTIONS_HEADER) === 'allow');
  const known = async (request: Request) =>
    (await loaded()).find(request.get(SESSION_HEADER), tokenIn(request));

  const passOn: RawHandler = async (request, response) => {
    const { transport } = await known(request);
    await transport.handleRequest(request, response);
  };
  router.raw({ method: 'GET', path: MCP_PATH, access: 'tracking' }, passOn);
  router.raw({ method: 'DELETE', path: MCP_PATH, access: 'tracking' }, passOn);
  router.raw({ method: 'POST', path: MCP_PATH, access: 'tracking' }, async (request, response, principal) => {
    const body = await readJson(request);
    const { transport } = await (isInitialize(body) ? open(request, principal) : known(request));
    await transport.handleRequest(request, response, body);
  });
}

/** Whether a message begins a session. What else is wrong with it is for the protocol's own code to say. */
function isInitialize(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'initialize';
}

function tokenIn(request: Request): string {
  return tokenOf(request.headers.authorization) ?? '';
}
