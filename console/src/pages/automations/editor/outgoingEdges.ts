/** The outgoing edges of a node, and its branches that are not connected. */

import type { GraphEdge, GraphNode } from '../../../shared/graph/model';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import type { AutomationDocument } from './document';
import { labelsIn } from './schema';

export interface OutgoingEdge {
  index: number;
  edge: GraphEdge;
}

export interface OutgoingEdges {
  existing: OutgoingEdge[];
  /** Labels without an edge; null is the unlabeled edge of a node that does not branch. */
  missing: (string | null)[];
  /** Labels that the node's edges may have. */
  labels: string[];
}

/** The branches of a node, from its config. */
export function branchesOf({ config }: GraphNode, type: NodeType | undefined): string[] {
  if (!type) return [];
  const own = labelsIn(config, type.configSchema, type.configSchema);
  return [...new Set(own.length > 0 ? own : type.branches)];
}

export function outgoingEdgesOf(
  { edges }: AutomationDocument,
  node: GraphNode,
  type: NodeType | undefined,
): OutgoingEdges {
  const existing = edges.flatMap((edge, index) => (edge.source === node.id ? [{ index, edge }] : []));
  const labels = branchesOf(node, type);
  const taken = new Set(existing.map(({ edge }) => edge.label));
  if (type?.isEnd) return { existing, missing: [], labels };
  // Optional branches are only offered after the first of them is used.
  const branches = (type?.branchesRequired ?? false) || existing.some(({ edge }) => edge.label !== null);
  if (labels.length > 0 && branches) {
    return { existing, missing: labels.filter((label) => !taken.has(label)), labels };
  }
  return { existing, missing: existing.length === 0 ? [null] : [], labels };
}

/** The nodes that an edge may lead to without forming a loop. */
export function targetsFor(
  { nodes, edges }: AutomationDocument,
  source: string,
  nodeTypes: ReadonlyMap<string, NodeType>,
): GraphNode[] {
  const before = new Set([source]);
  const waiting = [source];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const edge of edges) {
      if (edge.target !== id || before.has(edge.source)) continue;
      before.add(edge.source);
      waiting.push(edge.source);
    }
  }
  return nodes.filter(({ id, type }) => !before.has(id) && !(nodeTypes.get(type)?.isStart ?? false));
}
