/** The positions of nodes and the routes of edges, in pixels from the top left. */

import { Graph as DagreGraph, layout as dagreLayout } from '@dagrejs/dagre';
import type { Graph, Position } from './model';

export const NODE_WIDTH = 240;

const RANK_GAP = 40;
const NODE_GAP = 36;
const LABEL_HEIGHT = 22;
const LABEL_CHARACTER = 7.5;

/** `routes` holds, for each edge by its index, the points between its ends that keep it off the
 * nodes; empty if it is straight. */
export interface Layout {
  positions: ReadonlyMap<string, Position>;
  routes: ReadonlyMap<number, Position[]>;
  width: number;
  height: number;
}

type DagreOptions = NonNullable<Parameters<typeof dagreLayout>[1]>;

/** The part of dagre's graph that is read while it sorts: a long edge is a chain of such nodes. */
interface LinkNode {
  /** The edge that the node is a part of; absent for a node of the graph. */
  edgeObj?: { name?: string };
  edgeLabel?: { reversed?: boolean };
}

/**
 * Sorts the nodes of each rank, with the branches of a node in the order of its edges. On its own,
 * dagre draws them from right to left: it breaks every tie between branches to the right.
 */
function inOrderOfEdges(
  drawn: DagreGraph,
  sort: (graph: DagreGraph, options: DagreOptions) => void,
): void {
  const constraints = drawn.nodes().flatMap((id) => {
    if ((drawn.node(id) as LinkNode).edgeObj) return [];
    const branches = (drawn.successors(id) ?? []).flatMap((next) => {
      const { edgeObj, edgeLabel } = drawn.node(next) as LinkNode;
      return edgeObj && !edgeLabel?.reversed ? [{ next, index: Number(edgeObj.name) }] : [];
    });
    branches.sort((one, other) => one.index - other.index);
    return branches.slice(1).map(({ next }, at) => ({ left: branches[at]?.next ?? next, right: next }));
  });
  sort(drawn, { constraints });
}

function automatic(graph: Graph, nodeHeight: number) {
  const dagre = new DagreGraph({ multigraph: true });
  dagre.setGraph({ rankdir: 'TB', ranksep: RANK_GAP, nodesep: NODE_GAP });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const { id } of graph.nodes) dagre.setNode(id, { width: NODE_WIDTH, height: nodeHeight });
  const known = new Set(graph.nodes.map(({ id }) => id));
  const isDrawn = ({ source, target }: { source: string; target: string }) =>
    known.has(source) && known.has(target) && source !== target;
  for (const [index, edge] of graph.edges.entries()) {
    if (!isDrawn(edge)) continue;
    const label =
      edge.label === null
        ? {}
        : { width: edge.label.length * LABEL_CHARACTER + 16, height: LABEL_HEIGHT, labelpos: 'c' };
    dagre.setEdge(edge.source, edge.target, label, String(index));
  }
  dagreLayout(dagre, { customOrder: inOrderOfEdges });
  const positions = new Map<string, Position>();
  for (const { id } of graph.nodes) {
    const { x = 0, y = 0 } = dagre.node(id) as Partial<Position>;
    positions.set(id, { x: x - NODE_WIDTH / 2, y: y - nodeHeight / 2 });
  }
  const routes = new Map<number, Position[]>();
  for (const [index, edge] of graph.edges.entries()) {
    if (!isDrawn(edge)) continue;
    const { points = [] } = dagre.edge(edge.source, edge.target, String(index)) as {
      points?: Position[];
    };
    // The first and the last are on the nodes' borders, at the handles.
    routes.set(index, points.slice(1, -1));
  }
  return { positions, routes };
}

/** A position for a new node in a manual layout: below its sources. */
function placeFor(
  id: string,
  graph: Graph,
  placed: ReadonlyMap<string, Position>,
  nodeHeight: number,
): Position {
  const before = graph.edges.find(({ source, target }) => target === id && placed.has(source));
  const above = before && placed.get(before.source);
  const lowest = Math.max(0, ...[...placed.values()].map(({ y }) => y));
  const place = above
    ? { x: above.x, y: above.y + nodeHeight + RANK_GAP }
    : { x: 0, y: lowest + nodeHeight + RANK_GAP };
  const isTaken = () =>
    [...placed.values()].some(
      ({ x, y }) => Math.abs(x - place.x) < NODE_WIDTH && Math.abs(y - place.y) < nodeHeight,
    );
  while (isTaken()) place.x += NODE_WIDTH + NODE_GAP;
  return place;
}

/** The document's layout if it covers at least half of the nodes; else an automatic one. */
export function layoutOf(graph: Graph, nodeHeight: number): Layout {
  const stored = graph.nodes.filter(({ id }) => graph.layout[id] !== undefined);
  let positions: Map<string, Position>;
  let routes = new Map<number, Position[]>();
  if (stored.length === 0 || stored.length * 2 < graph.nodes.length) {
    ({ positions, routes } = automatic(graph, nodeHeight));
  } else {
    positions = new Map();
    for (const { id } of graph.nodes) {
      const place = graph.layout[id];
      if (place) positions.set(id, place);
    }
    for (const { id } of graph.nodes) {
      if (!positions.has(id)) positions.set(id, placeFor(id, graph, positions, nodeHeight));
    }
  }
  const xs = [...positions.values()].map(({ x }) => x);
  const ys = [...positions.values()].map(({ y }) => y);
  return {
    positions,
    routes,
    width: positions.size === 0 ? 0 : Math.max(...xs) - Math.min(...xs) + NODE_WIDTH,
    height: positions.size === 0 ? 0 : Math.max(...ys) - Math.min(...ys) + nodeHeight,
  };
}

/** The nodes from top to bottom, left to right: the keyboard's order. */
export function readingOrder(graph: Graph, { positions }: Layout): Graph['nodes'] {
  return graph.nodes.toSorted((one, other) => {
    const first = positions.get(one.id) ?? { x: 0, y: 0 };
    const second = positions.get(other.id) ?? { x: 0, y: 0 };
    return first.y - second.y || first.x - second.x;
  });
}

function between(one: Position, other: Position): Position {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** A smooth curve from the first point to the last, along the points between. */
export function curve(from: Position, route: readonly Position[], to: Position): string {
  let path = `M ${from.x} ${from.y}`;
  for (const [index, point] of route.entries()) {
    if (index === 0) {
      const { x, y } = between(from, point);
      path += ` L ${x} ${y}`;
    }
    const { x, y } = between(point, route[index + 1] ?? to);
    path += ` Q ${point.x} ${point.y} ${x} ${y}`;
  }
  return `${path} L ${to.x} ${to.y}`;
}

/** The point of the curve next to the middle of its route; null without a route. */
export function middleOf(
  from: Position,
  route: readonly Position[],
  to: Position,
): Position | null {
  const index = Math.floor(route.length / 2);
  const point = route[index];
  if (!point) return null;
  const before = route[index - 1] ?? from;
  const after = route[index + 1] ?? to;
  return {
    x: 0.125 * before.x + 0.75 * point.x + 0.125 * after.x,
    y: 0.125 * before.y + 0.75 * point.y + 0.125 * after.y,
  };
}
