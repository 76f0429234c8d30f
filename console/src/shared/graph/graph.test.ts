import { describe, expect, it } from 'vitest';
import { makeStep } from '../../test/server';
import { layoutOf, NODE_WIDTH, readingOrder } from './layout';
import { type Graph, readGraph, summarize } from './model';
import { pathOf } from './runPath';

const GRAPH = readGraph({
  nodes: ['start', 'big', 'mail', 'bad', 'done'].map((id) => ({ id, type: 'X' })),
  edges: [
    { source: 'start', target: 'big' },
    { source: 'big', target: 'mail', label: 'true' },
    { source: 'big', target: 'bad', label: 'false' },
    { source: 'mail', target: 'done' },
  ],
});

function overlaps(graph: Graph, height: number): boolean {
  const places = [...layoutOf(graph, height).positions.values()];
  return places.some((one, index) =>
    places
      .slice(index + 1)
      .some((two) => Math.abs(one.x - two.x) < NODE_WIDTH && Math.abs(one.y - two.y) < height),
  );
}

describe('the layout', () => {
  it('puts every node below its sources, without overlaps', () => {
    const { positions } = layoutOf(GRAPH, 60);
    for (const { source, target } of GRAPH.edges) {
      expect(positions.get(source)?.y).toBeLessThan(positions.get(target)?.y ?? 0);
    }
    expect(overlaps(GRAPH, 60)).toBe(false);
    expect(readingOrder(GRAPH, layoutOf(GRAPH, 60)).map(({ id }) => id)[0]).toBe('start');
  });

  it('keeps a manual layout, and finds a free place for a new node', () => {
    const layout = Object.fromEntries(GRAPH.nodes.map(({ id }, row) => [id, { x: 7, y: row * 200 }]));
    delete layout.bad;
    const { positions } = layoutOf({ ...GRAPH, layout }, 60);
    expect(positions.get('mail')).toEqual({ x: 7, y: 400 });
    expect(overlaps({ ...GRAPH, layout }, 60)).toBe(false);
  });

  it('is recomputed if few nodes have a position, and accepts edges without a target', () => {
    const odd = {
      ...GRAPH,
      layout: { start: { x: 900, y: 900 } },
      edges: [
        ...GRAPH.edges,
        { source: 'mail', target: 'gone', label: null },
        { source: 'mail', target: 'mail', label: null },
      ],
    };
    expect(layoutOf(odd, 60).positions).toEqual(layoutOf(GRAPH, 60).positions);
  });
});

/** For each node, the places of its branches from left to right, by the targets' ids. */
function branchesLeftToRight(graph: Graph, source: string): string[] {
  const { positions, routes } = layoutOf(graph, 60);
  return graph.edges
    .flatMap((edge, index) => {
      const x = routes.get(index)?.[0]?.x ?? positions.get(edge.target)?.x;
      return edge.source === source && x !== undefined ? [{ x, target: edge.target }] : [];
    })
    .toSorted((one, other) => one.x - other.x)
    .map(({ target }) => target);
}

/** A graph of edges that are written as `from>to` or `from>to:label`. */
function graphOf(...written: string[]): Graph {
  const edges = written.map((text) => {
    const [source = '', target = '', label] = text.split(/[>:]/);
    return { source, target, ...(label !== undefined && { label }) };
  });
  const ids = new Set(edges.flatMap(({ source, target }) => [source, target]));
  return readGraph({ nodes: [...ids].map((id) => ({ id, type: 'X' })), edges });
}

describe('the branches of a node', () => {
  it.each([
    ['a condition', GRAPH, 'big', ['mail', 'bad']],
    ['parallel paths that merge', graphOf('s>a', 's>b', 's>c', 'a>m', 'b>m', 'c>m'), 's', ['a', 'b', 'c']],
    [
      'a switch with a branch that skips ahead',
      graphOf('s>a:low', 's>m:none', 's>b:high', 'a>m', 'b>m'),
      's',
      ['a', 'm', 'b'],
    ],
    ['paths of different lengths', graphOf('s>a', 's>b', 's>c', 'b>b2', 'b2>b3', 'c>c2'), 's', ['a', 'b', 'c']],
    ['names that are numbers', graphOf('s>30', 's>20', 's>10'), 's', ['30', '20', '10']],
    ['a fork inside a fork', graphOf('s>a', 's>b', 'a>c', 'a>d', 'b>e', 'b>f', 'c>m', 'f>m'), 'b', ['e', 'f']],
  ])('are in the order of its edges: %s', (_, graph, source, targets) => {
    expect(branchesLeftToRight(graph, source)).toEqual(targets);
    expect(overlaps(graph, 60)).toBe(false);
  });
});

describe('the path of a run', () => {
  const begun = [
    makeStep({ nodeId: 'start' }),
    makeStep({ nodeId: 'big', outcome: 'true' }),
    makeStep({ nodeId: 'mail', status: 'RUNNING' }),
  ];

  it('shows which nodes were taken, are ahead, and will not be reached', () => {
    const { nodes, edges } = pathOf(GRAPH, begun, true);
    expect(Object.fromEntries(nodes)).toEqual({
      start: 'TAKEN',
      big: 'TAKEN',
      mail: 'TAKEN',
      bad: 'NOT_TAKEN',
      done: 'AHEAD',
    });
    expect(edges).toEqual(['TAKEN', 'TAKEN', 'NOT_TAKEN', 'AHEAD']);
  });

  it('has nothing ahead once the run is over', () => {
    const { nodes, edges } = pathOf(GRAPH, begun, false);
    expect(nodes.get('done')).toBe('NOT_TAKEN');
    expect(edges.at(-1)).toBe('NOT_TAKEN');
  });

  it('has everything ahead before the first step', () => {
    expect(new Set(pathOf(GRAPH, [], true).nodes.values())).toEqual(new Set(['AHEAD']));
    expect(new Set(pathOf(GRAPH, [], true).edges)).toEqual(new Set(['AHEAD']));
  });
});

describe('the summary of a node', () => {
  it('comes only from its config', () => {
    expect(
      summarize({ kind: 'COMPARE', left: '{{trigger.total}}', operator: 'GREATER_THAN', right: 100 }),
    ).toBe('compare {{trigger.total}} greater than right 100');
    expect(summarize({ delayMinutes: 30, until: null })).toBe('delay minutes 30');
    expect(summarize({ templateId: 'tpl_01JZ5B8Q2M3N4P5Q6R7S8T9V0W' })).toBe('');
  });
});
