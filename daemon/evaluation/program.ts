/** Runs the Python program that predicts and judges, in the environment of a version. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiError } from '../contract/errors.ts';
import { identify } from '../processes/table.ts';
import { endTree } from '../processes/tree.ts';
import { modelEnvironment } from '../serving/runtimes/commands.ts';

/** Of what the program says of itself, in characters. */
const KEPT_OUTPUT = 8_000;

/** Variable that marks all processes of an evaluation. */
const MARK = 'MODELTHAT_EVALUATION';

/** Where a program runs, and until when. */
export interface Work {
  /** Id of the evaluation's run. */
  readonly id: string;
  /** A private folder of this evaluation alone. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Runs the program on a request (evaluation_process.py says what it has).
 *
 * @param name of the request's and the answer's file, without its ending
 * @returns path of the answer, which is JSON
 * @throws ApiError BAD_REQUEST with what a person has to know; AbortError by the signal
 */
export async function runProgram(
  { id, scratch, signal }: Work,
  python: string,
  name: string,
  request: Readonly<Record<string, unknown>>,
): Promise<string> {
  signal.throwIfAborted();
  const out = path.join(scratch, `${name}.json`);
  const asked = path.join(scratch, `${name}-request.json`);
  await fs.writeFile(asked, JSON.stringify({ ...request, out }));
  const program = fileURLToPath(new URL('./evaluation_process.py', import.meta.url));
  const child = spawn(python, [program, asked], {
    cwd: scratch,
    env: { ...modelEnvironment(python), [MARK]: id },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  let ending: Promise<void> | undefined;
  const stop = () => {
    ending = end(child.pid, id);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code, exitSignal] = (await once(child, 'close').catch((error: Error) => {
      throw new ApiError('BAD_REQUEST', `${python} cannot be started: ${error.message}`);
    })) as [number | null, string | null];
    signal.throwIfAborted();
    if (code === 0) return out;
    const last = output.trim().split('\n').at(-1)?.trim();
    throw new ApiError('BAD_REQUEST', last || `Python ended with ${exitSignal ?? `exit code ${code}`}.`);
  } finally {
    signal.removeEventListener('abort', stop);
    await ending;
  }
}

async function end(pid: number | undefined, id: string): Promise<void> {
  const root = pid === undefined ? undefined : await identify(pid);
  // Nothing of it is kept: there is no use in asking it to end.
  if (root) await endTree({ root, mark: `${MARK}=${id}` }, AbortSignal.abort());
}
