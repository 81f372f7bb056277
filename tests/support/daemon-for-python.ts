/**
 * A daemon for tests in another language: prints one line of JSON (`env`: what an MLflow client needs in its environment,
 * `store`: the store's folder) and ends when its standard input does.
 */
import { once } from 'node:events';
import { startDaemon } from './daemon.ts';

const daemon = await startDaemon();
console.log(JSON.stringify({ env: daemon.mlflowEnv, store: daemon.place.store }));
process.stdin.resume();
await once(process.stdin, 'end');
await daemon.dispose();
