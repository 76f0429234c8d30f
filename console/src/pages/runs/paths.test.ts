import { describe, expect, it } from 'vitest';
import type { RunDetail } from '../../shared/api/types';
import { makeRunDetail, makeStep } from '../../test/server';
import { inLanes, placeSteps, stepsIn, type TraceItem } from './paths';

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
  return placeSteps(makeRunDetail({ graph: shape, steps }));
}

function written(shape: RunDetail['graph'], ...visited: string[]) {
  return placed(shape, ...visited).map(({ step, paths }) => {
    const path = paths.at(-1);
    return `${step.nodeId}${path ? ` ${path.fork}:${path.number}/${path.of}` : ''}`;
  });
}

/** A fork as `[path 1 | path 2]`. */
function drawn(items: TraceItem[]): string {
  return items
    .map((item) =>
      'step' in item
        ? item.step.nodeId
        : `[${item.fork.lanes.map((lane) => drawn(lane.items)).join(' | ')}]`,
    )
    .join(' ');
}

describe('steps by their paths', () => {
  it('are in visiting order if there is one path', () => {
    expect(written(graph('start a done'), 'start', 'a', 'done')).toEqual(['start', 'a', 'done']);
  });

  it('are grouped by path', () => {
    const shape = graph('start a1 a2 merge done', 'start b1 b2 merge');
    expect(written(shape, 'start', 'a1', 'b1', 'a2', 'b2', 'merge', 'done')).toEqual([
      'start',
      'a1 start:1/2',
      'a2 start:1/2',
      'b1 start:2/2',
      'b2 start:2/2',
      'merge',
      'done',
    ]);
  });

  it('keep a nested fork inside its path', () => {
    const shape = graph('start a x1 merge2 c merge done', 'a x2 merge2', 'start b merge');
    expect(written(shape, 'start', 'a', 'b', 'x1', 'x2', 'merge2', 'c', 'merge', 'done')).toEqual([
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

  it('are listed even if the graph does not contain them', () => {
    expect(written(graph('start done'), 'start', 'gone')).toEqual(['start', 'gone']);
  });
});

describe('lanes', () => {
  const shape = graph('start a x1 merge2 c merge done', 'a x2 merge2', 'start b merge');

  it('contain the steps of each path, including nested forks', () => {
    const items = inLanes(
      placed(shape, 'start', 'a', 'b', 'x1', 'x2', 'merge2', 'c', 'merge', 'done'),
    );
    expect(drawn(items)).toBe('start [a [x1 | x2] merge2 c | b] merge done');
    const fork = items.flatMap((item) => ('fork' in item ? [item.fork] : []));
    expect(fork.map(({ after }) => after)).toEqual(['start']);
    expect(fork.flatMap(stepsIn).map(({ nodeId }) => nodeId)).toEqual([
      'a',
      'x1',
      'x2',
      'merge2',
      'c',
      'b',
    ]);
  });

  it('exist for the paths that have started', () => {
    expect(drawn(inLanes(placed(shape, 'start', 'b')))).toBe('start [b]');
  });

  it('are separate if one fork follows another', () => {
    const twice = graph('start a merge c merge2', 'start b merge', 'merge d merge2');
    const items = inLanes(placed(twice, 'start', 'a', 'b', 'merge', 'c', 'd', 'merge2'));
    expect(drawn(items)).toBe('start [a | b] merge [c | d] merge2');
  });

  it('do not exist if there is one path', () => {
    expect(drawn(inLanes(placed(graph('start a done'), 'start', 'a', 'done')))).toBe('start a done');
  });
});
