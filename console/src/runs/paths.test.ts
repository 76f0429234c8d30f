import { describe, expect, it } from 'vitest';
import type { RunDetail } from '../api/types';
import { makeRunDetail, makeStep } from '../test/server';
import { placeSteps } from './paths';

function graph(...ways: string[]): RunDetail['graph'] {
  const edges = ways.flatMap((way) => {
    const ids = way.split(' ');
    return ids.slice(1).map((target, index) => ({ source: ids[index] ?? '', target, label: null }));
  });
  const ids = [...new Set(edges.flatMap(({ source, target }) => [source, target]))];
  const nodes = ids.map((id) => ({ id, type: id.startsWith('merge') ? 'MERGE' : 'SET', config: {} }));
  return { nodes, edges, layout: {} };
}

function placed(shape: RunDetail['graph'], ...visited: string[]) {
  const steps = visited.map((nodeId, index) => makeStep({ nodeId, order: index + 1 }));
  return placeSteps(makeRunDetail({ graph: shape, steps })).map(
    ({ step, path }) => `${step.nodeId}${path ? ` ${path.fork}:${path.number}/${path.of}` : ''}`,
  );
}

describe('steps by their paths', () => {
  it('follow one another as they were visited where there is one way', () => {
    expect(placed(graph('start a done'), 'start', 'a', 'done')).toEqual(['start', 'a', 'done']);
  });

  it('stand together by the path they are on', () => {
    const shape = graph('start a1 a2 merge done', 'start b1 b2 merge');
    expect(placed(shape, 'start', 'a1', 'b1', 'a2', 'b2', 'merge', 'done')).toEqual([
      'start',
      'a1 start:1/2',
      'a2 start:1/2',
      'b1 start:2/2',
      'b2 start:2/2',
      'merge',
      'done',
    ]);
  });

  it('keep a fork inside of a path within it', () => {
    const shape = graph('start a x1 merge2 c merge done', 'a x2 merge2', 'start b merge');
    expect(placed(shape, 'start', 'a', 'b', 'x1', 'x2', 'merge2', 'c', 'merge', 'done')).toEqual([
      'start',
      'a start:1/2',
      'x1 a:1/2',
      'x2 a:2/2',
      'merge2 start:1/2',
      'c start:1/2',
      'b start:2/2',
      'merge',
      'done',
    ]);
  });

  it('are listed too where the graph does not know them', () => {
    expect(placed(graph('start done'), 'start', 'gone')).toEqual(['start', 'gone']);
  });
});
