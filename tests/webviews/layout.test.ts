import assert from 'node:assert/strict';
import { fittingLayout, layOut, NODE } from '../../webviews/ui/graph/layout.ts';
import { walk } from '../../webviews/ui/graph/walk.ts';

const STEPS = [
  { name: 'data', needs: [] },
  { name: 'left', needs: ['data'] },
  { name: 'right', needs: ['data'] },
  { name: 'join', needs: ['left', 'right'] },
];

describe('the layout of a graph', () => {
  it('puts each step after those it needs, and none on another', () => {
    const { nodes, edges } = layOut(STEPS, 'LR');
    for (const { from, to } of edges)
      assert.ok((nodes.get(from)?.x ?? 0) + NODE.width < (nodes.get(to)?.x ?? 0));
    const [left, right] = [nodes.get('left'), nodes.get('right')];
    assert.ok(Math.abs((left?.y ?? 0) - (right?.y ?? 0)) > NODE.height);
    assert.equal(edges.length, 4);
  });

  it('grows in the direction in which more can be read', () => {
    const chain = Array.from({ length: 12 }, (_, at) => ({
      name: `s${at}`,
      needs: at > 0 ? [`s${at - 1}`] : [],
    }));
    assert.equal(fittingLayout(chain, { width: 600, height: 900 }).direction, 'TB');
    assert.equal(fittingLayout(chain, { width: 3_000, height: 300 }).direction, 'LR');
  });

  it('leaves out what a step needs and is not there', () => {
    assert.deepEqual(layOut([{ name: 'train', needs: ['gone'] }], 'LR').edges, []);
  });
});

describe('arrow keys in a graph', () => {
  it('follow the edges, and go across to a step of the same rank', () => {
    const laid = layOut(STEPS, 'LR');
    const [above, below] =
      (laid.nodes.get('left')?.y ?? 0) < (laid.nodes.get('right')?.y ?? 0)
        ? ['left', 'right']
        : ['right', 'left'];
    assert.equal(walk(laid, below, 'ArrowUp'), above);
    assert.equal(walk(laid, above, 'ArrowDown'), below);
    assert.equal(walk(laid, 'left', 'ArrowRight'), 'join');
    assert.equal(walk(laid, 'left', 'ArrowLeft'), 'data');
    assert.equal(walk(laid, 'join', 'ArrowRight'), undefined);
  });

  it('follow the edges downwards when the graph grows downwards', () => {
    const laid = layOut(STEPS, 'TB');
    assert.equal(walk(laid, 'right', 'ArrowDown'), 'join');
    assert.equal(walk(laid, 'right', 'ArrowUp'), 'data');
  });
});
