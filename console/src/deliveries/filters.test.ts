import { describe, expect, it } from 'vitest';
import { cleared, DELIVERY_FILTERS, isNarrowed, toCountsQuery, toQuery } from './filters';

const NONE = DELIVERY_FILTERS.none;

describe('the filters of deliveries', () => {
  it('ask for the dead-lettered ones in their tab, and never for a tab', () => {
    const query = toQuery({ ...NONE, tab: 'dead-lettered', channel: 'SMS' });
    expect(query).toMatchObject({ status: 'DEAD_LETTERED', channel: 'SMS' });
    expect(query).not.toHaveProperty('tab');
    expect(toQuery({ ...NONE, status: 'SENT' })).not.toHaveProperty('tab');
  });

  it('count every status by the other filters', () => {
    const counted = toCountsQuery({ ...NONE, tab: 'dead-lettered', contact: 'a@b.example' });
    expect(counted).toMatchObject({ status: null, contact: 'a@b.example', range: '7d' });
  });

  it('do not take the tab for a filter, and keep it when the filters are cleared', () => {
    expect(isNarrowed({ ...NONE, tab: 'dead-lettered', range: '30d' })).toBe(false);
    expect(isNarrowed({ ...NONE, runId: 'run_1' })).toBe(true);
    expect(cleared({ ...NONE, tab: 'dead-lettered', contact: 'x', range: '24h' })).toEqual({
      ...NONE,
      tab: 'dead-lettered',
      range: '24h',
    });
  });
});
