import { describe, expect, it } from 'vitest';
import { formatDuration, formatMoment, formatRelative, formatWord } from './format';

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min 0 s'],
    [3_599_999, '59 min 59 s'],
    [7_300_000, '2 h 1 min'],
    [90_000_000, '1 d 1 h'],
  ])('%i ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('formatRelative', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');
  it.each([
    ['2026-03-01T11:59:57Z', 'just now'],
    ['2026-03-01T11:59:20Z', '40 sec. ago'],
    ['2026-03-01T11:30:00Z', '30 min. ago'],
    ['2026-03-01T15:00:00Z', 'in 3 hr.'],
    ['2026-02-28T12:00:00Z', 'yesterday'],
    ['2026-02-22T12:00:00Z', '7 days ago'],
  ])('%s is %s', (time, text) => {
    expect(formatRelative(time, now)).toBe(text);
  });
});

describe('formatMoment', () => {
  // No zone, so that the test passes in every time zone.
  const now = new Date('2026-03-01T12:00:00').getTime();
  it.each([
    ['2026-03-01T14:05:00', '14:05'],
    ['2026-03-02T14:05:00', 'Mar 2, 14:05'],
    ['2027-01-01T00:00:00', 'Jan 1 2027, 00:00'],
  ])('%s is %s', (time, text) => {
    expect(formatMoment(time, now)).toBe(text);
  });
});

it('words are written as usual', () => {
  expect(formatWord('SEND_MESSAGE')).toBe('Send message');
});
