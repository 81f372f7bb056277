/** A few random sequences of calls, always the same ones. `npm run conformance -- --sequences 1000` plays others. */
import assert from 'node:assert/strict';
import { checkSequences, describeReport } from './sequences/check.ts';
import { startPlayers } from './sequences/servers.ts';

const SEQUENCES = 10;
const SEED = 3;

describe('random sequences of calls', function () {
  this.timeout(19 * 60_000);
  let players: Awaited<ReturnType<typeof startPlayers>>;
  before(async () => {
    players = await startPlayers();
  });
  after(() => players?.dispose());

  it(`${SEQUENCES} sequences: the MLflow server and the daemon give the same answers`, async () => {
    const report = await checkSequences(players, { sequences: SEQUENCES, seed: SEED });
    console.log(`      ${describeReport(report).replaceAll('\n', '\n      ')}`);
    assert.equal(report.findings.length, 0, 'the servers answer differently; see above');
  });
});
