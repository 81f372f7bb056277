/** `modelthat mcp`. */
import type { Command } from 'commander';
import type { Address } from '../client/client.ts';
import { Context } from './context.ts';
import { say } from './output.ts';

/** What the program beside the daemon's offers: no other command needs its code. */
interface BridgeProgram {
  bridge(find: () => Promise<Address>, allowActions: boolean, say: (text: string) => void): Promise<void>;
}

export function register(program: Command): void {
  program
    .command('mcp')
    .description('let an assistant read runs, pipelines and models, by the Model Context Protocol on stdio')
    .option('--allow-actions', 'let it run and cancel pipelines, too: a person is asked each time')
    .action(serve);
}

async function serve({ allowActions = false }: { allowActions?: boolean }, command: Command): Promise<void> {
  const find = async () => (await new Context(command).client()).address;
  const place = import.meta.url.endsWith('.ts') ? '../mcp/mcp-bridge.ts' : './daemon/mcp-bridge.mjs';
  const { bridge } = (await import(new URL(place, import.meta.url).href)) as BridgeProgram;
  await bridge(find, allowActions, say);
}
