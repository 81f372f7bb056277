import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { RepeatedWork } from '../../../extension/daemon/repeated-work.ts';

/** Work that ends when it is told to. */
class Slow extends EventEmitter {
  begun = 0;
  atOnce = 0;

  readonly work = async (): Promise<void> => {
    this.begun += 1;
    this.atOnce += 1;
    assert.equal(this.atOnce, 1, 'twice at a time');
    this.emit('begins');
    await once(this, 'end');
    this.atOnce -= 1;
  };

  async begins(): Promise<void> {
    await once(this, 'begins');
  }
}

describe('work that events ask for', () => {
  it('is done once for all who asked until then', async () => {
    const slow = new Slow();
    const repeated = new RepeatedWork(slow.work);
    const begins = slow.begins();
    for (let event = 0; event < 10; event += 1) repeated.ask(1);
    await begins;
    assert.equal(slow.begun, 1);
    repeated.dispose();
  });

  it('is done once more after it was asked for while it was done, and not meanwhile', async () => {
    const slow = new Slow();
    const repeated = new RepeatedWork(slow.work);
    repeated.ask(0);
    await slow.begins();
    for (let event = 0; event < 10; event += 1) repeated.ask(0);
    const again = slow.begins();
    slow.emit('end');
    await again;
    slow.emit('end');
    const third = slow.begins();
    repeated.ask(0);
    await third;
    assert.equal(slow.begun, 3);
    repeated.dispose();
  });

  it('is not done any more once it was given up', async () => {
    const slow = new Slow();
    const repeated = new RepeatedWork(slow.work);
    repeated.ask(0);
    await slow.begins();
    repeated.ask(0);
    repeated.dispose();
    slow.emit('end');
    const other = new RepeatedWork(slow.work);
    other.ask(5);
    await slow.begins();
    assert.equal(slow.begun, 2);
    other.dispose();
  });
});
