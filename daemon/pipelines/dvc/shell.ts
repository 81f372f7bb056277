/**
 * The one place where shell commands are built: those of a `dvc.yaml`, as DVC hands them to a shell. They come from a file
 * of the workspace, which runs nothing while that is not trusted; nothing that a client sends gets into them.
 */
import path from 'node:path';

/** Options that keep a shell from reading its user's settings, by its name. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  zsh: ['--no-rcs'],
  bash: ['--noprofile', '--norc'],
};

/** What a stage's shell is chosen by. */
export interface ShellSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<NodeJS.ProcessEnv>;
}

/**
 * Program and arguments of each command of a stage: every line is one, run one after the other until one fails.
 *
 * @param cmd as in the file once templates are filled in
 */
export function shellCommands(
  cmd: string | readonly string[],
  { platform, env }: ShellSurroundings = process,
): string[][] {
  const lines = typeof cmd === 'string' ? cmd.split(/\r\n|[\n\r]/) : cmd;
  return lines
    .filter(line => typeof cmd !== 'string' || line !== '')
    .map(line => inShell(line, platform, env));
}

function inShell(command: string, platform: NodeJS.Platform, env: Readonly<NodeJS.ProcessEnv>): string[] {
  if (platform === 'win32') return [env.ComSpec ?? 'cmd.exe', '/d', '/s', '/c', `"${command}"`];
  const shell = env.SHELL || '/bin/sh';
  return [shell, ...(OPTIONS[path.basename(shell).toLowerCase()] ?? []), '-c', command];
}

/** What DVC tells a stage's commands. */
export function stageVariables(root: string, file: string, stage: string): Record<string, string> {
  const name = path.relative(root, file).split(path.sep).join('/');
  return { DVC_ROOT: root, DVC_STAGE: name === 'dvc.yaml' ? stage : `${name}:${stage}` };
}
