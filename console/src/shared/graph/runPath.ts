/** The path of a run through its graph. */

import type { Step } from '../api/types';
import type { Graph, GraphEdge } from './model';

/** TAKEN was visited, AHEAD may still be visited, NOT_TAKEN will not be. */
export type PathState = 'TAKEN' | 'AHEAD' | 'NOT_TAKEN';

export interface RunPath {
  nodes: ReadonlyMap<string, PathState>;
  /** By edge index. */
  edges: readonly PathState[];
}

function isOver({ status }: Step): boolean {
  return status === 'COMPLETED' || status === 'SKIPPED';
}

/** Whether a run could leave the step's node by this edge. */
function leadsOut(step: Step, { label }: GraphEdge): boolean {
  return label === null || step.outcome === null || step.outcome === label;
}

export function pathOf(graph: Graph, steps: readonly Step[], isOpen: boolean): RunPath {
  const byNode = new Map(steps.map((step) => [step.nodeId, step]));
  const nodes = new Map<string, PathState>();
  for (const { id } of graph.nodes) nodes.set(id, byNode.has(id) ? 'TAKEN' : 'NOT_TAKEN');

  if (isOpen && steps.length === 0) {
    for (const { id } of graph.nodes) nodes.set(id, 'AHEAD');
  }
  // Starts at every visited node and follows the edges that are still possible.
  const frontier = isOpen ? [...byNode.keys()] : [];
  for (let id = frontier.pop(); id !== undefined; id = frontier.pop()) {
    const step = byNode.get(id);
    for (const edge of graph.edges) {
      if (edge.source !== id || nodes.get(edge.target) !== 'NOT_TAKEN') continue;
      if (step && (step.status === 'FAILED' || step.status === 'CANCELED')) continue;
      if (step && isOver(step) && !leadsOut(step, edge)) continue;
      nodes.set(edge.target, 'AHEAD');
      frontier.push(edge.target);
    }
  }

  const edges = graph.edges.map((edge): PathState => {
    const from = byNode.get(edge.source);
    if (from && isOver(from) && leadsOut(from, edge) && byNode.has(edge.target)) return 'TAKEN';
    if (!isOpen || nodes.get(edge.source) === 'NOT_TAKEN') return 'NOT_TAKEN';
    if (nodes.get(edge.target) !== 'AHEAD') return from && !isOver(from) ? 'AHEAD' : 'NOT_TAKEN';
    return from && isOver(from) && !leadsOut(from, edge) ? 'NOT_TAKEN' : 'AHEAD';
  });
  return { nodes, edges };
}
