import assert from 'node:assert/strict';
import {
  expandForeach,
  expandMatrix,
  MAX_MEMBERS,
  memberName,
  selected,
  withMember,
} from '../../../daemon/pipelines/definition/expand.ts';

describe('groups of steps', () => {
  const keys = (members: readonly { key: string }[]) => members.map(({ key }) => key);

  it('keys members of a list by their values, or by position where one is a list or mapping', () => {
    assert.deepEqual(expandForeach(['us', 'eu', 'us']), [
      { key: 'us', item: 'us', hasKey: false },
      { key: 'eu', item: 'eu', hasKey: false },
    ]);
    assert.deepEqual(keys(expandForeach(['us', { region: 'eu' }])), ['0', '1']);
  });

  it('keys members of a mapping by its keys, which their text can name', () => {
    const [member] = expandForeach({ us: { epochs: 3 } });
    assert.ok(member);
    assert.deepEqual(withMember({ lr: 0.1 }, member), { lr: 0.1, item: { epochs: 3 }, key: 'us' });
    assert.equal(memberName('train', member.key), 'train@us');
  });

  it('combines all values of a matrix, in order', () => {
    const members = expandMatrix({ model: ['cnn', { depth: 3 }], lr: [0.1, 0.2] });
    assert.deepEqual(keys(members), ['cnn-0.1', 'cnn-0.2', 'model1-0.1', 'model1-0.2']);
    assert.deepEqual(members[2]?.item, { model: { depth: 3 }, lr: 0.1 });
  });

  it('refuses an entry that makes too many steps before it makes them', () => {
    const axis = Array.from({ length: 200 }, (_, index) => index);
    const axes = Object.fromEntries([...'abcdefgh'].map(name => [name, axis]));
    assert.throws(() => expandMatrix(axes), /makes 2560000000000000000 steps/);
    assert.throws(() => expandForeach(Array.from({ length: MAX_MEMBERS + 1 }, String)), /10001 steps/);
  });

  it('selects a step by its name, and a group with all of its members', () => {
    const steps = ['train', 'test@us', 'test@eu', 'testing@us'];
    assert.deepEqual(selected('test', steps), ['test@us', 'test@eu']);
    assert.deepEqual(selected('test@eu', steps), ['test@eu']);
    assert.deepEqual(selected('tests', steps), []);
  });
});
