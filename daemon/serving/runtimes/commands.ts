/** The command lines of the model processes. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { entry } from '../../entry.ts';
import type { OnnxSettings } from '../model.ts';
import type { Command } from '../process.ts';

/** A Node process, by the runtime that runs the daemon itself (which may be the editor's). */
export function onnxCommand(settings: OnnxSettings): Command {
  return {
    program: process.execPath,
    args: [fileURLToPath(entry(import.meta.url, 'onnx-process')), JSON.stringify(settings)],
    env: { ...baseEnvironment(), ELECTRON_RUN_AS_NODE: '1' },
  };
}

/** A Python process in the model's environment. */
export function pyfuncCommand(python: string, folder: string): Command {
  const program = fileURLToPath(new URL('./pyfunc_process.py', import.meta.url));
  return { program: python, args: [program, folder], env: modelEnvironment(python) };
}

/** The whole environment of a process that loads a model by this Python; nothing secret. */
export function modelEnvironment(python: string): Record<string, string> {
  return {
    ...baseEnvironment(),
    // A model that starts programs of its environment finds those first.
    PATH: [path.dirname(python), process.env.PATH ?? ''].join(path.delimiter),
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
  };
}

/** What a process of each platform needs to start at all; nothing secret. */
const PASSED_ON = [
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TMP',
  'TEMP',
  'HOME',
  'USERPROFILE',
  'SYSTEMROOT',
  'WINDIR',
];

function baseEnvironment(): Record<string, string> {
  return Object.fromEntries(
    PASSED_ON.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
