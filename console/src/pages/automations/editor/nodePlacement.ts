/** Where an added node goes: after the selected node, if that can have a next node. */

import { t } from '@lingui/core/macro';
import type { GraphNode } from '../../../shared/graph/model';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import { type Action, type AutomationDocument, freeId } from './document';
import { branchesOf, outgoingEdgesOf } from './outgoingEdges';
import { initialValue } from './schema';

function newNode(document: AutomationDocument, type: NodeType): GraphNode {
  const config = initialValue(type.configSchema, type.configSchema) as Record<string, unknown>;
  return { id: freeId(document, type.type), type: type.type, config };
}

/** Adds a node after `source` on this branch. */
export function placeNodeAfter(
  document: AutomationDocument,
  type: NodeType,
  source: string,
  label: string | null,
): Extract<Action, { type: 'ADD_NODE' }> {
  return { type: 'ADD_NODE', node: newNode(document, type), after: { source, label } };
}

type NodePlacement = Extract<Action, { type: 'ADD_NODE' | 'INSERT_NODE' }>;

/** Places the node on the selected node's first unconnected branch, or in its only edge. */
export function placeNode(
  document: AutomationDocument,
  type: NodeType,
  chosen: GraphNode | undefined,
  nodeTypes: ReadonlyMap<string, NodeType>,
): NodePlacement {
  const node = newNode(document, type);
  if (!chosen || type.isStart) return { type: 'ADD_NODE', node, after: null };
  const { missing, existing } = outgoingEdgesOf(document, chosen, nodeTypes.get(chosen.type));
  const [label] = missing;
  if (label !== undefined) return { type: 'ADD_NODE', node, after: { source: chosen.id, label } };
  const [only, ...others] = existing;
  if (!only || others.length > 0 || type.isEnd) return { type: 'ADD_NODE', node, after: null };
  const branch = type.branchesRequired ? (branchesOf(node, type)[0] ?? null) : null;
  return { type: 'INSERT_NODE', node, edge: only.index, label: branch };
}

/** The same as text; null if the node is not connected. */
export function placementText(
  document: AutomationDocument,
  chosen: GraphNode | undefined,
  nodeTypes: ReadonlyMap<string, NodeType>,
): string | null {
  if (!chosen) return null;
  const { missing, existing } = outgoingEdgesOf(document, chosen, nodeTypes.get(chosen.type));
  const [label] = missing;
  if (label !== undefined) {
    return label === null ? t`Added after ${chosen.id}.` : t`Added after ${chosen.id}, on the branch ${label}.`;
  }
  const [only, ...others] = existing;
  return only && others.length === 0 ? t`Added between ${chosen.id} and ${only.edge.target}.` : null;
}
