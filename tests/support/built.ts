/** The built programs, as people run them. */
import path from 'node:path';

const dist = path.resolve(import.meta.dirname, '../../dist');

/** Main module of the command line. */
export const BUILT_CLI = path.join(dist, 'cli.mjs');

/** Folder of the daemon's modules. */
export const BUILT_DAEMON = path.join(dist, 'daemon');

/** Main module of the daemon. */
export const BUILT_MAIN = path.join(BUILT_DAEMON, 'main.mjs');
