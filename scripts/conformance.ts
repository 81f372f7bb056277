/**
 * Plays random sequences of calls to the MLflow server and the daemon and compares their answers
 * (`npm run conformance -- --sequences 1000`).
 *
 * --sequences <count>   how many (100)
 * --seed <number>       to play the same ones again
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { checkSequences, describeFound, describeReport } from '../tests/conformance/sequences/check.ts';
import { startPlayers } from '../tests/conformance/sequences/servers.ts';

const MAX_SEED = 2 ** 31;

const { values: options } = parseArgs({
  options: {
    sequences: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(MAX_SEED)) },
  },
});
const sequences = Number(options.sequences);
const seed = Number(options.seed);
console.log(`${sequences} sequences, --seed ${seed}`);
// The servers are other processes: something must keep this one until they have answered.
const awake = setInterval(() => {}, 60_000);
// Servers are ended when this process exits, which a signal alone would not make it do.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const players = await startPlayers();
try {
  const report = await checkSequences(players, {
    sequences,
    seed,
    progress: (played, findings) => {
      if (played % 20 === 0) console.log(`${played} played, ${findings} kinds of differences`);
    },
    // At once, not only in the report: a run of a thousand takes long.
    found: found => console.log(describeFound(found)),
  });
  console.log(describeReport(report));
  process.exitCode = report.findings.length > 0 ? 1 : 0;
} finally {
  await players.dispose();
  clearInterval(awake);
}
