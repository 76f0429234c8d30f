/** Compares two graphs. The layout is ignored. */

import { t } from '@lingui/core/macro';
import type { Graph, GraphEdge, GraphNode } from '../../shared/graph/model';

/** One changed value; undefined if it did not exist before or after. */
export interface FieldChange {
  /** A dotted path in the node's config, with the API's field names. */
  field: string;
  before: unknown;
  after: unknown;
}

export interface NodeChange {
  id: string;
  type: string;
  kind: 'ADDED' | 'REMOVED' | 'CHANGED';
  fields: FieldChange[];
  /** The later one of the two. */
  config: Record<string, unknown>;
}

export interface EdgeChange {
  edge: GraphEdge;
  kind: 'ADDED' | 'REMOVED';
}

export interface GraphDiff {
  nodes: NodeChange[];
  edges: EdgeChange[];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => isSame(one[name], other[name]));
}

/** Every difference of two values; lists of different lengths differ as a whole. */
function changes(before: unknown, after: unknown, path: string[]): FieldChange[] {
  if (isSame(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return names.flatMap((name) => changes(before[name], after[name], [...path, name]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item: unknown, index) =>
      changes(item, after[index], [...path, String(index)]),
    );
  }
  return [{ field: path.join('.'), before, after }];
}

function nodeChange(before: GraphNode, after: GraphNode): NodeChange | null {
  const fields = changes(before.config, after.config, []);
  if (before.type !== after.type) {
    fields.unshift({ field: 'type', before: before.type, after: after.type });
  }
  const { id, type, config } = after;
  return fields.length === 0 ? null : { id, type, kind: 'CHANGED', fields, config };
}

export function edgeKey({ source, target, label }: GraphEdge): string {
  return JSON.stringify([source, target, label]);
}

export function diffGraphs(before: Graph, after: Graph): GraphDiff {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const fresh = new Map(after.nodes.map((node) => [node.id, node]));
  const nodes: NodeChange[] = [];
  for (const node of after.nodes) {
    const was = old.get(node.id);
    const change = was ? nodeChange(was, node) : null;
    if (change) nodes.push(change);
    else if (!was) nodes.push({ ...node, kind: 'ADDED', fields: [] });
  }
  for (const node of before.nodes) {
    if (!fresh.has(node.id)) nodes.push({ ...node, kind: 'REMOVED', fields: [] });
  }
  const oldEdges = new Set(before.edges.map(edgeKey));
  const freshEdges = new Set(after.edges.map(edgeKey));
  const edges: EdgeChange[] = [
    ...after.edges
      .filter((edge) => !oldEdges.has(edgeKey(edge)))
      .map((edge) => ({ edge, kind: 'ADDED' as const })),
    ...before.edges
      .filter((edge) => !freshEdges.has(edgeKey(edge)))
      .map((edge) => ({ edge, kind: 'REMOVED' as const })),
  ];
  return { nodes, edges };
}

/** Both graphs in one, to draw removed parts beside the current ones. */
export function unionOf(before: Graph, after: Graph): Graph {
  const present = new Set(after.nodes.map(({ id }) => id));
  const known = new Set(after.edges.map(edgeKey));
  return {
    nodes: [...after.nodes, ...before.nodes.filter(({ id }) => !present.has(id))],
    edges: [...after.edges, ...before.edges.filter((edge) => !known.has(edgeKey(edge)))],
    layout: {},
  };
}

/** `{{trigger.total}}`, `100`, `not set`: a value in a line. */
export function valueText(value: unknown): string {
  if (value === undefined) return t`not set`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
