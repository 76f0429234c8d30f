/** A graph as the pages use it: the API's, with all defaults set. */

import type { components } from '../api/schema';

export type WireGraph = components['schemas']['Graph'];

export interface Position {
  x: number;
  y: number;
}

export interface GraphNode {
  id: string;
  type: string;
  config: Record<string, unknown>;
}

/** `label` is the branch taken; null where the edge is unconditional. */
export interface GraphEdge {
  source: string;
  target: string;
  label: string | null;
}

export interface Graph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  layout: Record<string, Position>;
}

export function readGraph(wire: WireGraph): Graph {
  return {
    nodes: (wire.nodes ?? []).map(({ id, type, config }) => ({ id, type, config: config ?? {} })),
    edges: (wire.edges ?? []).map(({ source, target, label }) => ({
      source,
      target,
      label: label ?? null,
    })),
    layout: wire.layout ?? {},
  };
}

const GENERATED_ID = /^[a-z]{3}_[0-9A-Za-z]{20,}$/;
const ENUM_WORD = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
const MAX_SUMMARY = 80;

function keyText(key: string): string {
  return key.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

function leafText(key: string | null, value: unknown): string[] {
  if (typeof value === 'string') {
    if (GENERATED_ID.test(value)) return [];
    return [ENUM_WORD.test(value) ? value.replaceAll('_', ' ').toLowerCase() : value];
  }
  if (typeof value === 'number') return [...(key === null ? [] : [keyText(key)]), String(value)];
  if (value === true) return key === null ? ['true'] : [keyText(key)];
  if (Array.isArray(value)) return value.flatMap((item) => leafText(null, item));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => leafText(name, item));
  }
  return [];
}

/** Summarizes a node's config in one line; it works for any node type. */
export function summarize(config: Record<string, unknown>): string {
  const words = leafText(null, config)
    .filter((word) => word !== '')
    .join(' ');
  return words.length > MAX_SUMMARY ? `${words.slice(0, MAX_SUMMARY - 1)}…` : words;
}
