import { describe, expect, it } from 'vitest';
import { oneOfSeveral, text } from '../address/parameters';
import { defineFilters, type FiltersOf } from './filters';

const SET = defineFilters({ status: oneOfSeveral(['OPEN', 'DONE']), contact: text() });
type Filters = FiltersOf<typeof SET>;

const FULL: Filters = {
  status: 'DONE',
  contact: '+49 151 1234',
  range: '30d',
  from: null,
  to: null,
};
const FROM = '2026-03-01T00:00:00.000Z';
const TO = '2026-03-02T12:30:00.000Z';

describe('filters in the URL', () => {
  it.each([
    ['a range', FULL],
    ['a custom period', { ...FULL, range: '7d', from: FROM, to: TO } satisfies Filters],
    ['only one end', { ...FULL, range: '7d', from: FROM } satisfies Filters],
  ])('are read back as they were written: %s', (_, filters) => {
    expect(SET.read(SET.write('', filters))).toEqual(filters);
  });

  it('omit defaults and keep other parameters', () => {
    expect(SET.write('?status=DONE&range=24h&tab=all', SET.none)).toBe('tab=all');
  });

  it('fall back to defaults for values that are not valid', () => {
    const search = '?status=done&range=1y&contact=%20&from=yesterday';
    expect(SET.read(search)).toEqual(SET.none);
  });

  it('ask the API for a range or for a period, never for both', () => {
    expect(SET.toQuery(FULL)).toMatchObject({ status: ['DONE'], range: '30d', from: null });
    expect(SET.toQuery({ ...FULL, from: FROM })).not.toHaveProperty('range');
  });

  it('distinguish a narrowed list from a longer period', () => {
    expect(SET.isNarrowed({ ...SET.none, range: '30d', from: FROM })).toBe(false);
    expect(SET.isNarrowed({ ...SET.none, contact: 'x' })).toBe(true);
  });
});
