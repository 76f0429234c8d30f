/** Steps in the order they were visited, those of parallel paths standing together. */

import type { RunDetail, Step } from '../api/types';
import { type Graph, readGraph } from '../graph/model';

export interface Path {
  /** Of the fork that the path begins at: `Path 1 of 2 after start`. */
  fork: string;
  number: number;
  of: number;
}

export interface PlacedStep {
  step: Step;
  /** The innermost parallel path that the step is on; null on the run's main line. */
  path: Path | null;
  /** In how many forks it stands. */
  depth: number;
}

/** For each node on a parallel path: the forks it is in, outermost first. */
function pathsOf({ nodes, edges }: Graph): Map<string, Path[]> {
  const targets = new Map<string, string[]>();
  const isFork = new Set<string>();
  for (const { source, target, label } of edges) {
    const found = targets.get(source) ?? [];
    // Unlabelled edges out of one node are walked at the same time.
    if (label === null && found.length > 0) isFork.add(source);
    targets.set(source, [...found, target]);
  }
  const merges = new Set(nodes.filter(({ type }) => type === 'MERGE').map(({ id }) => id));
  const placed = new Map<string, Path[]>();

  /** Walks on from a node; a MERGE ends as many paths as lead into it. */
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

/** Visited first comes first; the steps of a path follow one another, its forks' paths in order. */
export function placeSteps(run: RunDetail): PlacedStep[] {
  const paths = pathsOf(readGraph(run.graph));
  const steps = run.steps.toSorted((one, other) => one.order - other.order);
  const forkOrder = new Map<string, number>();
  for (const { order, nodeId } of steps) {
    for (const { fork } of paths.get(nodeId) ?? []) {
      if (!forkOrder.has(fork)) forkOrder.set(fork, order);
    }
  }
  /** One number a fork and a path, from the outermost in, and the step's own at the end. */
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
    const forks = paths.get(step.nodeId) ?? [];
    return { step, path: forks.at(-1) ?? null, depth: forks.length };
  });
}
