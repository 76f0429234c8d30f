/** The edited automation and every change to it: one document for all views. */

import { t } from '@lingui/core/macro';
import { type GraphEdge, type GraphNode, type Position, readGraph, type WireGraph } from '../../../shared/graph/model';
import { capitalize } from '../../../shared/ui/format';
import { edgeKey } from '../graphDiff';
import { REENTRIES, type Reentry } from '../types';

export interface AutomationDocument {
  name: string;
  reentry: Reentry;
  nodes: GraphNode[];
  edges: GraphEdge[];
  layout: Record<string, Position>;
}

export interface EditorState {
  document: AutomationDocument;
  /** Documents that undo returns to, the latest last. */
  past: AutomationDocument[];
  future: AutomationDocument[];
  /**
   * Names the last change. A further change of the same name is part of it, so typing is undone as
   * a whole.
   */
  lastChange: string | null;
}

export interface Exit {
  source: string;
  label: string | null;
}

export type Action =
  | { type: 'RENAME'; name: string }
  | { type: 'SET_REENTRY'; reentry: Reentry }
  | { type: 'ADD_NODE'; node: GraphNode; after: Exit | null }
  /** Inserts the node into the edge of this index; `label` is its branch to the edge's target. */
  | { type: 'INSERT_NODE'; node: GraphNode; edge: number; label: string | null }
  | { type: 'REMOVE_NODE'; nodeId: string }
  | { type: 'RENAME_NODE'; nodeId: string; to: string }
  | { type: 'SET_CONFIG'; nodeId: string; config: Record<string, unknown>; field: string }
  | { type: 'ADD_EDGE'; edge: GraphEdge }
  | { type: 'SET_EDGE'; index: number; edge: GraphEdge }
  | { type: 'REMOVE_EDGE'; index: number }
  | { type: 'MOVE'; positions: Record<string, Position> }
  | { type: 'ARRANGE' }
  | { type: 'REPLACE'; document: AutomationDocument }
  | { type: 'RESET'; document: AutomationDocument }
  | { type: 'UNDO' }
  | { type: 'REDO' };

const MAX_PAST = 100;
export const NODE_ID = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;

export const NEW_DOCUMENT: AutomationDocument = {
  name: '',
  reentry: 'ALWAYS',
  nodes: [
    { id: 'start', type: 'TRIGGER', config: { triggerType: 'MANUAL' } },
    { id: 'done', type: 'END', config: {} },
  ],
  edges: [{ source: 'start', target: 'done', label: null }],
  layout: {},
};

export function startEditing(document: AutomationDocument): EditorState {
  return { document, past: [], future: [], lastChange: null };
}

/** The editable part of an automation's draft. */
export function toDocument(
  wire: WireGraph & { name: string; reentry: Reentry },
): AutomationDocument {
  return { name: wire.name, reentry: wire.reentry, ...readGraph(wire) };
}

/** The document as the API takes it: edges without a branch have no `label`. */
export function toWire({ name, reentry, nodes, edges, layout }: AutomationDocument) {
  return {
    name,
    reentry,
    nodes,
    edges: edges.map(({ source, target, label }) =>
      label === null ? { source, target } : { source, target, label },
    ),
    layout,
  };
}

export function isSameDocument(one: AutomationDocument, other: AutomationDocument): boolean {
  return JSON.stringify(toWire(one)) === JSON.stringify(toWire(other));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads a document from parsed JSON, or returns why it is not one. The API checks its content. */
export function fromJson(value: unknown): AutomationDocument | string {
  if (!isObject(value)) return t`The document must be a JSON object: ${'{'} … ${'}'}.`;
  const { name = '', reentry = 'ALWAYS', ...graph } = value;
  const { nodes = [], edges = [], layout = {}, ...others } = graph;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return t`“${unknown}” is not a field of an automation.`;
  if (typeof name !== 'string') return t`“name” must be a string.`;
  const known = REENTRIES.find((each) => each === reentry);
  if (!known) return t`“reentry” must be one of ${REENTRIES.join(', ')}.`;
  if (!Array.isArray(nodes) || !Array.isArray(edges)) return t`“nodes” and “edges” must be lists.`;
  for (const [index, node] of (nodes as unknown[]).entries()) {
    const isNode = isObject(node) && typeof node.id === 'string' && typeof node.type === 'string';
    if (!isNode) return t`nodes.${index} needs an “id” and a “type”, both strings.`;
    if (node.config !== undefined && !isObject(node.config)) {
      return t`The “config” of nodes.${index} must be an object.`;
    }
  }
  for (const [index, edge] of (edges as unknown[]).entries()) {
    const isEdge =
      isObject(edge) &&
      typeof edge.source === 'string' &&
      typeof edge.target === 'string' &&
      (typeof edge.label === 'string' || edge.label === undefined || edge.label === null);
    if (!isEdge) return t`edges.${index} needs a “source” and a “target”, both strings.`;
  }
  const isPosition = (place: unknown) =>
    isObject(place) && Number.isFinite(place.x) && Number.isFinite(place.y);
  if (!isObject(layout) || !Object.values(layout).every(isPosition)) {
    return t`“layout” must map node ids to x and y.`;
  }
  return { name, reentry: known, ...readGraph(graph) };
}

/** `sendMessage`, or `sendMessage2` if that is taken. */
export function freeId({ nodes }: AutomationDocument, type: string): string {
  const words = type.toLowerCase().split('_');
  const base = words
    .map((word, index) => (index === 0 ? word : capitalize(word)))
    .join('');
  const taken = new Set(nodes.map(({ id }) => id));
  let id = base;
  for (let number = 2; taken.has(id); number += 1) id = `${base}${number}`;
  return id;
}

/** Changes `{{steps.old.x}}` when the node is renamed. */
function withRenamedSteps(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(/\{[{%].*?[%}]\}/gs, (liquid) =>
      liquid.replaceAll(new RegExp(`\\bsteps\\.${from}(?![A-Za-z0-9_])`, 'g'), `steps.${to}`),
    );
  }
  if (Array.isArray(value)) return value.map((item) => withRenamedSteps(item, from, to));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withRenamedSteps(item, from, to)]),
  );
}

function renamed(document: AutomationDocument, from: string, to: string): AutomationDocument {
  const follow = (id: string) => (id === from ? to : id);
  return {
    ...document,
    nodes: document.nodes.map(({ id, type, config }) => ({
      id: follow(id),
      type,
      config: withRenamedSteps(config, from, to) as Record<string, unknown>,
    })),
    edges: document.edges.map(({ source, target, label }) => ({
      source: follow(source),
      target: follow(target),
      label,
    })),
    layout: Object.fromEntries(
      Object.entries(document.layout).map(([id, place]) => [follow(id), place]),
    ),
  };
}

function withNode(
  document: AutomationDocument,
  { node, after }: Extract<Action, { type: 'ADD_NODE' }>,
): AutomationDocument {
  return {
    ...document,
    nodes: [...document.nodes, node],
    edges: after ? [...document.edges, { ...after, target: node.id }] : document.edges,
  };
}

function withInserted(
  document: AutomationDocument,
  { node, edge: place, label }: Extract<Action, { type: 'INSERT_NODE' }>,
): AutomationDocument {
  const edges = document.edges.flatMap((edge, index) =>
    index === place
      ? [
          { ...edge, target: node.id },
          { source: node.id, target: edge.target, label },
        ]
      : [edge],
  );
  return { ...document, nodes: [...document.nodes, node], edges };
}

function withoutNode(document: AutomationDocument, nodeId: string): AutomationDocument {
  return {
    ...document,
    nodes: document.nodes.filter(({ id }) => id !== nodeId),
    edges: document.edges.filter(({ source, target }) => source !== nodeId && target !== nodeId),
    layout: Object.fromEntries(Object.entries(document.layout).filter(([id]) => id !== nodeId)),
  };
}

type Editing = Exclude<Action, { type: 'UNDO' | 'REDO' | 'RESET' }>;

function edited(document: AutomationDocument, action: Editing): AutomationDocument {
  switch (action.type) {
    case 'RENAME':
      return { ...document, name: action.name };
    case 'SET_REENTRY':
      return { ...document, reentry: action.reentry };
    case 'ADD_NODE':
      return withNode(document, action);
    case 'INSERT_NODE':
      return withInserted(document, action);
    case 'REMOVE_NODE':
      return withoutNode(document, action.nodeId);
    case 'RENAME_NODE':
      return renamed(document, action.nodeId, action.to);
    case 'SET_CONFIG': {
      const { nodeId, config } = action;
      return {
        ...document,
        nodes: document.nodes.map((node) => (node.id === nodeId ? { ...node, config } : node)),
      };
    }
    case 'ADD_EDGE': {
      const key = edgeKey(action.edge);
      if (document.edges.some((edge) => edgeKey(edge) === key)) return document;
      return { ...document, edges: [...document.edges, action.edge] };
    }
    case 'SET_EDGE':
      return {
        ...document,
        edges: document.edges.map((edge, index) => (index === action.index ? action.edge : edge)),
      };
    case 'REMOVE_EDGE':
      return { ...document, edges: document.edges.filter((_, index) => index !== action.index) };
    case 'MOVE':
      return { ...document, layout: action.positions };
    case 'ARRANGE':
      return { ...document, layout: {} };
    case 'REPLACE':
      return action.document;
  }
}

/** Consecutive changes of the same name are undone together; null if each is undone alone. */
function nameOf(action: Editing): string | null {
  switch (action.type) {
    case 'SET_CONFIG':
      return `SET_CONFIG ${action.nodeId} ${action.field}`;
    case 'SET_EDGE':
      return `SET_EDGE ${action.index}`;
    case 'RENAME':
    case 'REPLACE':
      return action.type;
    default:
      return null;
  }
}

export function reduce(state: EditorState, action: Action): EditorState {
  const { document, past, future } = state;
  switch (action.type) {
    case 'RESET':
      return startEditing(action.document);
    case 'UNDO': {
      const before = past.at(-1);
      if (!before) return state;
      return {
        document: before,
        past: past.slice(0, -1),
        future: [document, ...future],
        lastChange: null,
      };
    }
    case 'REDO': {
      const [after, ...later] = future;
      if (!after) return state;
      return { document: after, past: [...past, document], future: later, lastChange: null };
    }
    default: {
      const after = edited(document, action);
      if (after === document) return state;
      const name = nameOf(action);
      const isMore = name !== null && name === state.lastChange;
      return {
        document: after,
        past: isMore ? past : [...past, document].slice(-MAX_PAST),
        future: [],
        lastChange: name,
      };
    }
  }
}
