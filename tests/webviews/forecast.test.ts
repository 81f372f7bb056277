import assert from 'node:assert/strict';
import { type Foreseen, forecast } from '../../webviews/pipeline/forecast.ts';

const NOW = 1_000_000;

function step(name: string, needs: string[], changes: Partial<Foreseen>): Foreseen {
  return { name, needs, status: 'pending', startTime: null, endTime: null, ...changes };
}

const done = (start: number, end: number): Partial<Foreseen> => ({
  status: 'succeeded',
  startTime: NOW + start,
  endTime: NOW + end,
});

describe('the forecast of an execution', () => {
  it('goes through what has ended, runs and is to come, along the longest way', () => {
    const steps = [
      step('data', [], done(-60, -40)),
      step('quick', ['data'], done(-40, -35)),
      step('train', ['data'], { status: 'running', startTime: NOW - 40 }),
      step('report', ['train', 'quick'], {}),
    ];
    const { path, left } = forecast(steps, { train: 100, report: 10 }, NOW);
    assert.deepEqual(path, ['data', 'train', 'report']);
    assert.equal(left, 70);
  });

  it('knows no end while a step on the way never ended well, or waits for a person', () => {
    const train = step('train', [], { status: 'running', startTime: NOW });
    assert.equal(forecast([train, step('report', ['train'], {})], { train: 100 }, NOW).left, null);
    const approve = step('approve', [], { status: 'waiting', startTime: NOW - 5 });
    assert.equal(forecast([approve], { approve: 100 }, NOW).left, null);
  });

  it('goes on to the last step also when nothing is known of how long it takes', () => {
    const train = step('train', [], { status: 'running', startTime: NOW - 5 });
    const { path } = forecast(
      [train, step('approve', ['train'], {}), step('report', ['approve'], {})],
      {},
      NOW,
    );
    assert.deepEqual(path, ['train', 'approve', 'report']);
  });

  it('takes a step that is slower than before for one that ends now', () => {
    const train = step('train', [], { status: 'running', startTime: NOW - 500 });
    assert.equal(forecast([train], { train: 100 }, NOW).left, 0);
  });

  it('says what an ended execution waited for, past steps that were not run', () => {
    const steps = [
      step('data', [], done(-60, -40)),
      step('skipped', ['data'], { status: 'skipped' }),
      step('train', ['skipped'], done(-40, -10)),
      step('other', [], done(-60, -50)),
    ];
    assert.deepEqual(forecast(steps, {}, NOW), { path: ['data', 'train'], left: 0 });
  });
});
