import { describe, expect, it } from 'vitest';
import { NO_FILTERS, readFilters, type RunFilters, writeFilters } from './filters';

const FULL: RunFilters = {
  status: 'FAILED',
  automationId: 'atm_1',
  contact: '+49 151 1234',
  range: '30d',
};

describe('filters in the URL', () => {
  it('are read back as they were written', () => {
    const written = writeFilters(new URLSearchParams(), FULL).toString();
    expect(readFilters(new URLSearchParams(written))).toEqual(FULL);
  });

  it('leave defaults out and other parameters alone', () => {
    const current = new URLSearchParams('status=FAILED&range=24h&tab=all');
    expect(writeFilters(current, NO_FILTERS).toString()).toBe('tab=all');
  });

  it('fall back where a hand-written URL makes no sense', () => {
    const parameters = new URLSearchParams('status=failed&range=1y&contact=%20&automationId=');
    expect(readFilters(parameters)).toEqual(NO_FILTERS);
  });

  it('do not change the parameters they start from', () => {
    const current = new URLSearchParams('status=FAILED');
    writeFilters(current, NO_FILTERS);
    expect(current.toString()).toBe('status=FAILED');
  });
});
