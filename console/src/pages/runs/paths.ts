/** Sorts steps by visiting order, grouping the steps of parallel paths. */

import type { RunDetail, Step } from '../../shared/api/types';
import { type Graph, readGraph } from '../../shared/graph/model';

export interface Path {
  /** The path's fork, for the title `Path 1 of 2 after start`. */
  fork: string;
  number: number;
  of: number;
}

export interface PlacedStep {
  step: Step;
  /** The parallel paths of the step, outermost first; empty outside forks. */
  paths: readonly Path[];
}

/** The parallel paths after one node. */
export interface Fork {
  after: string;
  lanes: Lane[];
}

export interface Lane {
  path: Path;
  items: TraceItem[];
}

export type TraceItem = { step: Step } | { fork: Fork };

/** For each node on a parallel path: its forks, outermost first. */
function pathsOf({ nodes, edges }: Graph): Map<string, Path[]> {
  const targets = new Map<string, string[]>();
  const isFork = new Set<string>();
  for (const { source, target, label } of edges) {
    const found = targets.get(source) ?? [];
    // Several unlabeled edges of one node are parallel paths.
    if (label === null && found.length > 0) isFork.add(source);
    targets.set(source, [...found, target]);
  }
  const merges = new Set(nodes.filter(({ type }) => type === 'MERGE').map(({ id }) => id));
  const placed = new Map<string, Path[]>();

  /** Walks the graph from a node; a MERGE ends the paths that lead to it. */
  function visit(id: string, within: Path[]) {
    const inside = merges.has(id) ? within.slice(0, -1) : within;
    if (placed.has(id)) return;
    placed.set(id, inside);
    const next = targets.get(id) ?? [];
    next.forEach((target, index) => {
      const path = { fork: id, number: index + 1, of: next.length };
      visit(target, isFork.has(id) ? [...inside, path] : inside);
    });
  }

  const reached = new Set(edges.map(({ target }) => target));
  for (const { id } of nodes) if (!reached.has(id)) visit(id, []);
  return placed;
}

/** Sorts by visit; the steps of a path stay together, with nested paths in order. */
export function placeSteps(run: RunDetail): PlacedStep[] {
  const paths = pathsOf(readGraph(run.graph));
  const steps = run.steps.toSorted((one, other) => one.order - other.order);
  const forkOrder = new Map<string, number>();
  for (const { order, nodeId } of steps) {
    for (const { fork } of paths.get(nodeId) ?? []) {
      if (!forkOrder.has(fork)) forkOrder.set(fork, order);
    }
  }
  /** One number for each fork and path, outermost first, then the step's own number. */
  function keyOf({ nodeId, order }: Step): number[] {
    const forks = paths.get(nodeId) ?? [];
    return [...forks.flatMap(({ fork, number }) => [forkOrder.get(fork) ?? order, number]), order];
  }
  function compare(one: Step, other: Step): number {
    const [ones, others] = [keyOf(one), keyOf(other)];
    for (let at = 0; at < Math.min(ones.length, others.length); at += 1) {
      const difference = (ones[at] ?? 0) - (others[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return ones.length - others.length;
  }
  return steps.toSorted(compare).map((step) => {
    return { step, paths: paths.get(step.nodeId) ?? [] };
  });
}

/** The same steps in the same order, with one lane for each path of a fork. */
export function inLanes(placed: readonly PlacedStep[], depth = 0): TraceItem[] {
  const items: TraceItem[] = [];
  let at = 0;
  for (;;) {
    const first = placed[at];
    if (!first) return items;
    const path = first.paths[depth];
    if (!path) {
      items.push({ step: first.step });
      at += 1;
      continue;
    }
    const begins = at;
    while (isSame(placed[at]?.paths[depth], path)) at += 1;
    const lane = { path, items: inLanes(placed.slice(begins, at), depth + 1) };
    const last = items.at(-1);
    if (last && 'fork' in last && last.fork.after === path.fork) last.fork.lanes.push(lane);
    else items.push({ fork: { after: path.fork, lanes: [lane] } });
  }
}

function isSame(one: Path | undefined, other: Path): boolean {
  return one?.fork === other.fork && one.number === other.number;
}

/** Every step of a fork, including nested forks. */
export function stepsIn({ lanes }: Fork): Step[] {
  return lanes.flatMap(({ items }) =>
    items.flatMap((item) => ('step' in item ? [item.step] : stepsIn(item.fork))),
  );
}
