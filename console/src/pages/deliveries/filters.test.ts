import { describe, expect, it } from 'vitest';
import { DELIVERY_FILTERS } from '../../shared/subjects/deliveries';
import {
  clearedFilters,
  isNarrowed,
  recipientFilter,
  toCountsQuery,
  toQuery,
  writtenRecipient,
} from './filters';

const NONE = DELIVERY_FILTERS.none;

describe('the filters of deliveries', () => {
  it('ask for dead-lettered deliveries in their tab, and never send the tab', () => {
    const query = toQuery({ ...NONE, tab: 'dead-lettered', channel: 'SMS' });
    expect(query).toMatchObject({ status: ['DEAD_LETTERED'], channel: 'SMS' });
    expect(query).not.toHaveProperty('tab');
    expect(toQuery({ ...NONE, status: 'SENT' })).not.toHaveProperty('tab');
  });

  it('count every status, using the other filters', () => {
    const counted = toCountsQuery({ ...NONE, tab: 'dead-lettered', contact: 'a@b.example' });
    expect(counted).toMatchObject({ status: null, contact: 'a@b.example', range: '7d' });
  });

  it('treat text that is not a contact id as an address', () => {
    const none = { contact: null, address: null };
    expect(recipientFilter('con_1')).toEqual({ ...none, contact: 'con_1' });
    expect(recipientFilter('con@b.example')).toEqual({ ...none, address: 'con@b.example' });
    expect(recipientFilter('+49 170 1234511')).toEqual({ ...none, address: '+49 170 1234511' });
    expect(recipientFilter(null)).toEqual(none);
    // A link that names a contact by an address still asks for the contact.
    const linked = DELIVERY_FILTERS.read('?contact=a@b.example');
    expect(writtenRecipient(linked)).toBe('a@b.example');
    expect(toQuery(linked)).toMatchObject({ contact: 'a@b.example', address: null });
  });

  it('do not count the tab as a filter, and keep it when filters are cleared', () => {
    expect(isNarrowed({ ...NONE, tab: 'dead-lettered', range: '30d' })).toBe(false);
    expect(isNarrowed({ ...NONE, runId: 'run_1' })).toBe(true);
    expect(clearedFilters({ ...NONE, tab: 'dead-lettered', contact: 'x', range: '24h' })).toEqual({
      ...NONE,
      tab: 'dead-lettered',
      range: '24h',
    });
  });
});
