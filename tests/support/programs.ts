/** The programs that tests run. */
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const dist = path.join(root, 'dist');

/** `npm test` builds them, and they start sooner. A test file that is run by itself takes the sources as they are. */
const built = process.env.MODELTHAT_TEST_BUILT === '1';

/** Main module of the built command line. */
export const BUILT_CLI = path.join(dist, 'cli.mjs');

/** Folder of the daemon's built modules. */
export const BUILT_DAEMON = path.join(dist, 'daemon');

/** Main module of the built daemon. */
export const BUILT_MAIN = path.join(BUILT_DAEMON, 'main.mjs');

/** Main module of the daemon. */
export const DAEMON_MAIN = built ? BUILT_MAIN : path.join(root, 'daemon/main.ts');

/** Main module of the command line. */
export const CLI_MAIN = built ? BUILT_CLI : path.join(root, 'daemon/cli/main.ts');
