/** `modelthat start | stop | status`. */
import { spawnSync } from 'node:child_process';
import { type Command, InvalidArgumentError } from 'commander';
import { daemonArguments, daemonEnvironment } from '../client/spawn.ts';
import { stopAndWait } from '../client/start.ts';
import { type DaemonStatus, getAbout, getStatus } from '../contract/about.ts';
import { Context, daemonProgram, EXIT_NOT_RUNNING } from './context.ts';
import { formatDuration, formatTime, print, printFields, printJson } from './output.ts';

export function register(program: Command): void {
  program
    .command('start')
    .description('start the daemon of this store, or attach to the one that runs')
    .option('--foreground', 'stay in the terminal until Ctrl-C')
    .option('--port <number>', 'with --foreground: listen here instead of on the kept port', port)
    .option('--idle-minutes <number>', 'stop after so long with nothing to do', minutes)
    .action(start);
  program
    .command('stop')
    .description('stop the daemon; running steps are left to the next one')
    .option('--cancel-running', 'cancel running steps first')
    .action(stop);
  program
    .command('status')
    .description('whether the daemon runs, where, and what keeps it up')
    .action(status);
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('Give a whole number from 1 to 65535.');
}

function minutes(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Give a number above 0.');
}

interface StartOptions {
  readonly foreground?: boolean;
  readonly port?: number;
  readonly idleMinutes?: number;
}

async function start(options: StartOptions, command: Command): Promise<void> {
  const context = new Context(command);
  if (options.foreground) {
    runInForeground(context, options);
    return;
  }
  if (options.port !== undefined)
    command.error('--port goes with --foreground; a daemon in the background keeps its port.');
  const { idleMinutes } = options;
  const { started, connection } = await context.daemon(idleMinutes === undefined ? {} : { idleMinutes });
  if (context.json) printJson({ started, ...connection });
  else print(`${started ? 'Started' : 'Already running'}: ${connection.url} (pid ${connection.pid})`);
}

function runInForeground(context: Context, { port, idleMinutes }: StartOptions): void {
  const program = daemonProgram();
  const args = [
    ...daemonArguments(context.place, program),
    '--foreground',
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(idleMinutes === undefined ? [] : ['--idle-minutes', String(idleMinutes)]),
  ];
  // Ctrl-C reaches the daemon itself, which then stops in order.
  process.on('SIGINT', () => {});
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env: daemonEnvironment() });
  process.exitCode = status ?? 1;
}

async function stop({ cancelRunning = false }: { cancelRunning?: boolean }, command: Command): Promise<void> {
  const context = new Context(command);
  const running = await context.running();
  if (running) await stopAndWait(running, cancelRunning);
  if (context.json) printJson({ stopped: running !== undefined });
  else print(running ? `Stopped the daemon (pid ${running.connection.pid}).` : 'No daemon runs.');
}

async function status(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const running = await context.running();
  if (!running) {
    if (context.json) printJson({ running: false, store: context.store });
    else print(`No daemon runs for ${context.store}.`);
    process.exitCode = EXIT_NOT_RUNNING;
    return;
  }
  const [about, now] = await Promise.all([
    running.client.call(getAbout, {}),
    running.client.call(getStatus, {}),
  ]);
  if (context.json) {
    printJson({ running: true, ...about, ...now });
    return;
  }
  printFields({
    Address: about.url,
    Store: about.store,
    Workspace: about.workspace,
    Version: `${about.version} (contract ${about.contract}, Node ${about.node}, SQLite ${about.sqlite})`,
    Process: `${about.pid}, up ${formatDuration(Date.now() - about.startTime)}`,
    Executions: now.runningExecutions,
    'Active runs': now.activeRuns,
    'Model servers': now.servingProcesses,
    Clients: now.connectedClients,
    Stops: stopsWhen(now),
  });
}

function stopsWhen(status: DaemonStatus): string {
  if (status.draining) return 'when what runs has ended';
  return status.idleStopAt === null ? 'not by itself now' : `if idle, at ${formatTime(status.idleStopAt)}`;
}
