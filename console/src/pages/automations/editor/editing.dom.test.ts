import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/problem';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import nodeTypes from '../../../test/nodeTypes.json';
import { type AutomationDocument, NEW_DOCUMENT, reduce, startEditing } from './document';
import { placeNode, placementText } from './nodePlacement';
import { outgoingEdgesOf, targetsFor } from './outgoingEdges';
import { fieldProblems, nodeOf, problemsIn } from './problems';
import { unsavedWorkKey, dropUnsavedWork, keepUnsavedWork, readUnsavedWork } from './unsavedWork';

const TYPES = new Map((nodeTypes as unknown as NodeType[]).map((type) => [type.type, type]));

function type(name: string): NodeType {
  const found = TYPES.get(name);
  if (!found) throw new Error(`There is no ${name}`);
  return found;
}

function withNode(name: string, chosen: string, document = NEW_DOCUMENT): AutomationDocument {
  const node = document.nodes.find(({ id }) => id === chosen);
  return reduce(startEditing(document), placeNode(document, type(name), node, TYPES)).document;
}

function nodeNamed(document: AutomationDocument, name: string) {
  const found = document.nodes.find(({ id }) => id === name);
  if (!found) throw new Error(`There is no ${name}`);
  return found;
}

function ways({ edges }: AutomationDocument): string[] {
  return edges.map(({ source, target, label }) => `${source} ${label ?? ''}> ${target}`);
}

describe('a node that is added', () => {
  it('is inserted into the only edge of the selected node, with its own first branch', () => {
    expect(ways(withNode('CONDITION', 'start'))).toEqual(['start > condition', 'condition true> done']);
    expect(ways(withNode('WAIT', 'start'))).toEqual(['start > wait', 'wait > done']);
  });

  it('takes the first branch that is not connected', () => {
    const document = withNode('STOP_ERROR', 'condition', withNode('CONDITION', 'start'));
    expect(ways(document)).toContain('condition false> stopError');
  });

  it('is not connected if no edge can lead to it', () => {
    expect(ways(withNode('WAIT', 'done'))).toEqual(['start > done']);
    expect(ways(withNode('WAIT', 'nothing'))).toEqual(['start > done']);
  });

  it('has a text that says where it will be', () => {
    const [start, done] = NEW_DOCUMENT.nodes;
    expect(placementText(NEW_DOCUMENT, start, TYPES)).toBe('Added between start and done.');
    expect(placementText(NEW_DOCUMENT, done, TYPES)).toBeNull();
  });
});

describe('the outgoing edges of a node', () => {
  it('are its edges and its unconnected branches', () => {
    const document = withNode('CONDITION', 'start');
    const node = nodeNamed(document, 'condition');
    const { existing, missing, labels } = outgoingEdgesOf(document, node, type('CONDITION'));
    expect(existing.map(({ edge }) => edge.label)).toEqual(['true']);
    expect([missing, labels]).toEqual([['false'], ['true', 'false']]);
  });

  it('may have no label if branches are optional', () => {
    const document = withNode('INTEGRATION', 'start');
    const node = nodeNamed(document, 'integration');
    expect(outgoingEdgesOf(document, node, type('INTEGRATION')).missing).toEqual([]);
  });

  it('never form a loop, and never lead to a trigger', () => {
    const document = withNode('WAIT', 'start');
    const ids = (source: string) => targetsFor(document, source, TYPES).map(({ id }) => id);
    expect(ids('start')).toEqual(['done', 'wait']);
    expect(ids('wait')).toEqual(['done']);
    expect(ids('done')).toEqual([]);
  });
});

describe('problems', () => {
  it('of invalid values belong to their fields', () => {
    const error = new ApiError(422, 'Invalid input', null, null, [
      { field: 'nodes.3.config.url', message: 'a', nodeId: 'score' },
      { field: 'edges.0.source', message: 'b', edge: 0 },
      { field: 'name', message: 'c' },
    ]);
    const found = problemsIn(error) ?? [];
    expect(found).toEqual([
      { code: 'INVALID_REQUEST', message: 'a', nodeId: 'score', edge: null, field: 'url' },
      { code: 'INVALID_REQUEST', message: 'b', nodeId: null, edge: 0, field: null },
      { code: 'INVALID_REQUEST', message: 'c', nodeId: null, edge: null, field: 'name' },
    ]);
    expect(found.map((problem) => nodeOf(problem, NEW_DOCUMENT))).toEqual(['score', 'start', null]);
    const worded = found.map((problem) => ({ ...problem, words: `${problem.message}!` }));
    expect(fieldProblems(worded, 'score').get('url')).toBe('a!');
    expect(problemsIn(new ApiError(409, 'Conflict', null, null))).toBeNull();
  });
});

describe('unsaved work', () => {
  const key = unsavedWorkKey('ada@example.com', 'ws_1', 'aut_1');
  const draft = { document: NEW_DOCUMENT, revision: 3, at: '2026-03-01T10:00:00.000Z' };

  it('is kept by person, workspace and automation', () => {
    expect(keepUnsavedWork(key, draft)).toBe(true);
    expect(readUnsavedWork(key)).toEqual(draft);
    expect(readUnsavedWork(unsavedWorkKey('grace@example.com', 'ws_1', 'aut_1'))).toBeNull();
    expect(readUnsavedWork(unsavedWorkKey('ada@example.com', 'ws_1', null))).toBeNull();
    dropUnsavedWork(key);
    expect(readUnsavedWork(key)).toBeNull();
  });

  it('that cannot be read is deleted, and a full storage is reported', () => {
    sessionStorage.setItem(key, '{');
    expect(readUnsavedWork(key)).toBeNull();
    const full = {
      setItem: () => {
        throw new DOMException('full', 'QuotaExceededError');
      },
    } as unknown as Storage;
    expect(keepUnsavedWork(key, draft, full)).toBe(false);
  });
});
