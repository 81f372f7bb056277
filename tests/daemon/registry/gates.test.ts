import assert from 'node:assert/strict';
import { GateSyntaxError, judge, parseGate } from '../../../daemon/registry/gates.ts';

describe('gates', () => {
  const metrics = { candidate: { rmspe: 0.095, 'val/loss': 2 }, champion: { rmspe: 0.1 } };

  for (const [gate, passed] of [
    ['rmspe < 0.1', true],
    ['rmspe < 9e-2', false],
    ['rmspe <= champion.rmspe * 1.02', true],
    ['rmspe <= champion.rmspe - 0.01', false],
    ['`val/loss` == 4 / (1 + 1)', true],
    ['-rmspe > -1', true],
    ['2 - 1 - 1 == 0', true],
    ['rmspe != rmspe', false],
  ] as const) {
    it(`${gate} ${passed ? 'passes' : 'fails'}`, () => {
      assert.equal(judge(parseGate(gate), metrics).passed, passed);
    });
  }

  it('records what was observed and what was expected', () => {
    assert.deepEqual(judge(parseGate('rmspe < 0.1'), metrics), {
      gate: 'rmspe < 0.1',
      passed: true,
      observed: 0.095,
      expected: 0.1,
    });
  });

  it('passes, and says so, while there is no champion', () => {
    const result = judge(parseGate('rmspe <= champion.rmspe'), { ...metrics, champion: null });
    assert.equal(result.passed, true);
    assert.match(result.message ?? '', /no version is in Production/);
  });

  it('fails on a metric that was not logged, naming those that were', () => {
    const result = judge(parseGate('mape < 1'), metrics);
    assert.equal(result.passed, false);
    assert.match(result.message ?? '', /no metric “mape”; logged: rmspe, val\/loss/);
  });

  it('fails on NaN', () => {
    for (const gate of ['rmspe < 0.1', 'rmspe != 0']) {
      const result = judge(parseGate(gate), { candidate: { rmspe: Number.NaN }, champion: null });
      assert.deepEqual([result.passed, result.observed], [false, 'NaN']);
      assert.match(result.message ?? '', /not a number/);
    }
  });

  for (const bad of ['rmspe', 'rmspe <', '< 1', 'rmspe < 1 2', 'a < b < c', '(a < 1', 'a & 1', '']) {
    it(`refuses ${bad}`, () => assert.throws(() => parseGate(bad), GateSyntaxError));
  }
});
