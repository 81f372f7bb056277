/** How a command of a step is started by the editor's debuggers, apart from the editor. */
import path from 'node:path';

/** A command with all that it needs. */
export interface DebuggedCommand {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A debug configuration as the editor takes it; `type` names the debugger. */
export interface DebugLaunch {
  readonly type: 'debugpy' | 'node';
  readonly request: 'launch';
  readonly name: string;
  readonly [property: string]: unknown;
}

/** Options of Python that have a value behind them. */
const WITH_VALUE = /^-[WXQ]$/;

/** @returns undefined when no debugger is known for the program */
export function debugConfiguration({ name, command, cwd, env }: DebuggedCommand): DebugLaunch | undefined {
  const [program = '', ...args] = command;
  const base = path.basename(program).replace(/\.exe$/i, '');
  // Not in a terminal: the editor writes the variables into its command line, and tokens and secrets are among them.
  const common = { request: 'launch', name, cwd, env, console: 'internalConsole' } as const;
  if (/^python[\d.]*$/.test(base)) {
    const target = pythonTarget(args);
    return (
      target && {
        type: 'debugpy',
        ...common,
        python: [program],
        subProcess: true,
        justMyCode: true,
        ...target,
      }
    );
  }
  const [script, ...rest] = args;
  if (base === 'node' && script !== undefined && !script.startsWith('-'))
    return {
      type: 'node',
      ...common,
      runtimeExecutable: program,
      program: path.resolve(cwd, script),
      args: rest,
    };
  return undefined;
}

/** Takes Python's own arguments apart: options, then a script or `-m` and a module, then what these are given. */
function pythonTarget(args: readonly string[]): Record<string, unknown> | undefined {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const pythonArgs = args.slice(0, at);
    if (arg === '-m') return { module: args[at + 1] ?? '', args: args.slice(at + 2), pythonArgs };
    if (arg === '-c') return { code: args[at + 1] ?? '', args: args.slice(at + 2), pythonArgs };
    if (WITH_VALUE.test(arg)) at += 1;
    else if (!arg.startsWith('-')) return { program: arg, args: args.slice(at + 1), pythonArgs };
  }
  return undefined;
}
