import { describe, expect, it } from 'vitest';
import {
  type Action,
  type AutomationDocument,
  freeId,
  fromJson,
  NEW_DOCUMENT,
  reduce,
  startEditing,
  toDocument,
  toWire,
} from './document';

const MAIL = { id: 'mail', type: 'SEND_MESSAGE', config: { subject: '{{steps.start.x}} steps.start' } };

function after(...actions: Action[]) {
  return actions.reduce(reduce, startEditing(NEW_DOCUMENT));
}

function nodeIds({ nodes }: AutomationDocument): string[] {
  return nodes.map(({ id }) => id);
}

describe('the document', () => {
  it('adds a node and the edge to it', () => {
    const { document } = after({
      type: 'ADD_NODE',
      node: MAIL,
      after: { source: 'start', label: 'x' },
    });
    expect(nodeIds(document)).toEqual(['start', 'done', 'mail']);
    expect(document.edges.at(-1)).toEqual({ source: 'start', target: 'mail', label: 'x' });
  });

  it('inserts a node into an edge, which keeps its branch', () => {
    const { document } = after({ type: 'INSERT_NODE', node: MAIL, edge: 0, label: 'sent' });
    expect(document.edges).toEqual([
      { source: 'start', target: 'mail', label: null },
      { source: 'mail', target: 'done', label: 'sent' },
    ]);
  });

  it('removes a node with its edges and its position', () => {
    const { document } = after(
      { type: 'MOVE', positions: { start: { x: 1, y: 1 }, done: { x: 2, y: 2 } } },
      { type: 'REMOVE_NODE', nodeId: 'done' },
    );
    expect(nodeIds(document)).toEqual(['start']);
    expect(document.edges).toEqual([]);
    expect(Object.keys(document.layout)).toEqual(['start']);
  });

  it('follows a renamed node in edges, layout and Liquid', () => {
    const { document } = after(
      { type: 'ADD_NODE', node: MAIL, after: null },
      { type: 'MOVE', positions: { start: { x: 1, y: 1 } } },
      { type: 'RENAME_NODE', nodeId: 'start', to: 'begin' },
    );
    expect(document.edges[0]?.source).toBe('begin');
    expect(document.layout).toEqual({ begin: { x: 1, y: 1 } });
    expect(document.nodes.at(-1)?.config.subject).toBe('{{steps.begin.x}} steps.start');
  });

  it('has no duplicate edges', () => {
    const edge = { source: 'start', target: 'done', label: null };
    expect(after({ type: 'ADD_EDGE', edge }).document.edges).toHaveLength(1);
  });

  it('finds a free id for another node of a type', () => {
    const { document } = after({
      type: 'ADD_NODE',
      node: { ...MAIL, id: 'sendMessage' },
      after: null,
    });
    expect(freeId(document, 'SEND_MESSAGE')).toBe('sendMessage2');
    expect(freeId(document, 'WAIT')).toBe('wait');
  });
});

describe('undo and redo', () => {
  const typed = ['O', 'Or', 'Ord'].map((name): Action => ({ type: 'RENAME', name }));

  it('undo typed text as a whole, and redo it', () => {
    const state = after(...typed, { type: 'SET_REENTRY', reentry: 'ONCE' });
    const undone = reduce(reduce(state, { type: 'UNDO' }), { type: 'UNDO' });
    expect(undone.document).toEqual(NEW_DOCUMENT);
    expect(reduce(undone, { type: 'UNDO' })).toBe(undone);
    const redone = reduce(reduce(undone, { type: 'REDO' }), { type: 'REDO' });
    expect(redone.document).toEqual(state.document);
  });

  it('separate the text typed in two fields', () => {
    const change = (field: string, value: string): Action => ({
      type: 'SET_CONFIG',
      nodeId: 'start',
      config: { triggerType: value },
      field,
    });
    expect(after(change('a', '1'), change('a', '2'), change('b', '3')).past).toHaveLength(2);
  });

  it('forget what was undone after another change', () => {
    const state = reduce(after(...typed), { type: 'UNDO' });
    expect(reduce(state, { type: 'RENAME', name: 'x' }).future).toEqual([]);
  });
});

describe('the JSON of a document', () => {
  it('is the same document', () => {
    const { document } = after(
      { type: 'RENAME', name: 'Order paid' },
      { type: 'ADD_NODE', node: MAIL, after: { source: 'start', label: 'x' } },
      { type: 'MOVE', positions: { start: { x: 1, y: 2 } } },
    );
    const wire: unknown = JSON.parse(JSON.stringify(toWire(document)));
    expect(fromJson(wire)).toEqual(document);
    expect(toDocument(wire as Parameters<typeof toDocument>[0])).toEqual(document);
  });

  it.each([
    [[], 'object'],
    [{ nodes: {} }, 'lists'],
    [{ nodes: [{ id: 'a' }] }, 'nodes.0'],
    [{ nodes: [{ id: 'a', type: 'END', config: [] }] }, 'config'],
    [{ edges: [{ source: 'a' }] }, 'edges.0'],
    [{ reentry: 'OFTEN' }, 'reentry'],
    [{ layout: { a: 1 } }, 'layout'],
    [{ nodez: [] }, 'nodez'],
  ])('is refused with a reason: %j', (value, words) => {
    expect(fromJson(value)).toContain(words);
  });
});
