import { describe, expect, it } from 'vitest';
import type { AutomationSummary } from '../../shared/api/types';
import { readGraph } from '../../shared/graph/model';
import { AUTOMATION_FILTERS, filterAutomations } from './automationFilters';
import { diffGraphs, unionOf, valueText } from './graphDiff';
import { statisticsOf } from './runStatistics';
import { curlLine, samplePayload } from './webhook';

describe('what changed between two graphs', () => {
  const before = readGraph({
    nodes: [
      { id: 'start', type: 'TRIGGER', config: { triggerType: 'MANUAL' } },
      { id: 'big', type: 'CONDITION', config: { right: 50, all: [{ tag: 'vip' }] } },
      { id: 'old', type: 'END' },
    ],
    edges: [
      { source: 'start', target: 'big' },
      { source: 'big', target: 'old', label: 'true' },
    ],
    layout: { start: { x: 0, y: 0 } },
  });
  const after = readGraph({
    nodes: [
      { id: 'start', type: 'TRIGGER', config: { triggerType: 'MANUAL' } },
      { id: 'big', type: 'CONDITION', config: { right: 20, all: [{ tag: 'pro' }], left: 'x' } },
      { id: 'done', type: 'END' },
    ],
    edges: [
      { source: 'start', target: 'big' },
      { source: 'big', target: 'done', label: 'true' },
    ],
  });

  it('names nodes, their fields, and edges', () => {
    const { nodes, edges } = diffGraphs(before, after);
    expect(nodes.map(({ id, kind }) => [id, kind])).toEqual([
      ['big', 'CHANGED'],
      ['done', 'ADDED'],
      ['old', 'REMOVED'],
    ]);
    expect(nodes[0]?.fields).toEqual([
      { field: 'right', before: 50, after: 20 },
      { field: 'all.0.tag', before: 'vip', after: 'pro' },
      { field: 'left', before: undefined, after: 'x' },
    ]);
    expect(edges.map(({ edge, kind }) => [edge.target, kind])).toEqual([
      ['done', 'ADDED'],
      ['old', 'REMOVED'],
    ]);
  });

  it('is empty if only the layout differs', () => {
    expect(diffGraphs(before, { ...before, layout: {} })).toEqual({ nodes: [], edges: [] });
  });

  it('can be drawn as one graph', () => {
    const union = unionOf(before, after);
    expect(union.nodes.map(({ id }) => id)).toEqual(['start', 'big', 'done', 'old']);
    expect(union.edges).toHaveLength(3);
  });

  it('shows values in one line', () => {
    expect([undefined, 'a b', 7, [1]].map(valueText)).toEqual(['not set', 'a b', '7', '[1]']);
  });
});

describe('the statistics of the last days', () => {
  it('compare failures only with runs that were not canceled', () => {
    const counts = { PENDING: 1, RUNNING: 2, COMPLETED: 97, FAILED: 3, CANCELED: 50 };
    const statistics = statisticsOf({ counts, total: 1153, isComplete: false });
    expect(statistics).toEqual({ runs: '1,153+', total: 1153, open: 3, failed: 3, failureRate: 0.03 });
    expect(statisticsOf({ counts: {}, total: 0, isComplete: true }).failureRate).toBeNull();
  });
});

describe('the list', () => {
  const all = [
    { id: 'aut_1', name: 'Order paid', status: 'ACTIVE' },
    { id: 'aut_2', name: 'Old orders', status: 'ARCHIVED' },
  ] as AutomationSummary[];

  it('keeps its filters in the URL', () => {
    const filters = { status: 'PAUSED', search: 'order' } as const;
    const written = AUTOMATION_FILTERS.write('?x=1', filters);
    expect(written).toBe('x=1&status=PAUSED&search=order');
    expect(AUTOMATION_FILTERS.read(written)).toEqual(filters);
  });

  it('hides archived automations until their status is selected', () => {
    const search = filterAutomations(all, { status: null, search: 'ORDER ' });
    expect(search.automations.map(({ id }) => id)).toEqual(['aut_1']);
    expect(search.counts).toEqual({ DRAFT: 0, ACTIVE: 1, PAUSED: 0, ARCHIVED: 1 });
    expect(filterAutomations(all, { status: 'ARCHIVED', search: '' }).automations).toHaveLength(1);
    expect(filterAutomations(all, { status: null, search: 'aut_1' }).automations).toHaveLength(1);
  });
});

describe('calling a webhook', () => {
  const trigger = {
    triggerType: 'WEBHOOK',
    contactLookup: { by: 'email', path: 'customer.email' },
    dedupePath: 'customer.order',
  };

  it('has a payload with the fields that the trigger reads', () => {
    expect(samplePayload(trigger)).toEqual({
      customer: { order: '1001', email: 'ada@example.com' },
    });
    const lookup = { by: 'externalId', name: 'stripe', path: 'customer' };
    expect(samplePayload({ triggerType: 'WEBHOOK', contactLookup: lookup })).toEqual({
      customer: '1001',
    });
    expect(
      samplePayload({ triggerType: 'DATE', source: { kind: 'WEBHOOK_PAYLOAD', path: 'due' } }),
    ).toEqual({ due: '2030-01-31' });
  });

  it('is a valid shell command for any payload', () => {
    expect(curlLine('https://x/y', { a: "it's" }, false)).toBe(
      `curl -X POST 'https://x/y' -H 'Content-Type: application/json' -d '{"a":"it'\\''s"}'`,
    );
    expect(curlLine('https://x/y', {}, true)).toContain('X-Runledger-Signature: sha256=$SIGNATURE');
  });
});
