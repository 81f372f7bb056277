/** What the daemon is started with. */
import path from 'node:path';
import { parseArgs } from 'node:util';

/** How long the daemon stays up with nothing to do, unless told otherwise. In minutes. */
const DEFAULT_IDLE_MINUTES = 120;

/** The daemon's settings. */
export interface Config {
  readonly store: string;
  readonly workspace: string;
  /** Instead of the kept one. */
  readonly port: number | undefined;
  readonly idleMinutes: number;
  /** Stay attached to the terminal, and tell it where the daemon listens. */
  readonly foreground: boolean;
  /** Offer the route that empties the store, to tests. */
  readonly testReset: boolean;
}

/**
 * Reads the command line: `--store DIR [--workspace DIR] [--port N] [--idle-minutes N] [--foreground]
 * [--test-reset]`.
 *
 * @throws Error that names the bad argument
 */
export function readConfig(args: readonly string[]): Config {
  const { values } = parseArgs({
    args: [...args],
    options: {
      store: { type: 'string' },
      workspace: { type: 'string' },
      port: { type: 'string' },
      'idle-minutes': { type: 'string', default: String(DEFAULT_IDLE_MINUTES) },
      foreground: { type: 'boolean', default: false },
      'test-reset': { type: 'boolean', default: false },
    },
  });
  if (!values.store) throw new Error('--store is missing: give the folder of the store');
  return {
    store: path.resolve(values.store),
    workspace: path.resolve(values.workspace ?? path.dirname(values.store)),
    port: values.port === undefined ? undefined : wholeNumber('--port', values.port, 65_535),
    idleMinutes: positive('--idle-minutes', values['idle-minutes']),
    foreground: values.foreground,
    testReset: values['test-reset'],
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new Error(`${name} must be a number above 0, not ${text}`);
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${name} must be a whole number from 1 to ${max}, not ${text}`);
}
