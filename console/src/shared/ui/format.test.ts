import { afterEach, describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDollars,
  formatDuration,
  formatExact,
  formatMoment,
  formatRate,
  formatRelative,
  formatSample,
  formatWord,
  formatZone,
} from './format';
import { applySetting, BROWSER_SETTING } from './locale';

afterEach(() => {
  applySetting(BROWSER_SETTING);
});

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
    ['2027-01-01T00:00:00', 'Jan 1, 2027, 00:00'],
  ])('%s is %s', (time, text) => {
    expect(formatMoment(time, now)).toBe(text);
  });
});

it('words are written as usual', () => {
  expect(formatWord('SEND_MESSAGE')).toBe('Send message');
});

it('rates never round to zero', () => {
  expect([0, 0.0001, 0.031, 0.5].map(formatRate)).toEqual(['0%', '< 0.1%', '3.1%', '50%']);
});

describe('a German format in the zone of Kathmandu, which is 5 hours and 45 minutes before UTC', () => {
  const setting = { language: null, format: 'de-DE', zone: 'Asia/Kathmandu', clock: '24' } as const;
  const now = Date.parse('2026-03-01T18:00:00Z');
  // Intl puts spaces between them that do not break.
  const plain = (text: string) => text.replaceAll(/\s/g, ' ');

  it.each([
    ['2026-03-01T18:14:59Z', '23:59'],
    ['2026-03-01T18:15:00Z', '2. März, 00:00'],
    ['2025-12-31T18:15:00Z', '1. Jan., 00:00'],
    ['2025-12-31T18:14:00Z', '31. Dez. 2025, 23:59'],
  ])('%s is %s', (time, text) => {
    applySetting(setting);
    expect(formatMoment(time, now)).toBe(text);
  });

  it('holds for everything that is written', () => {
    applySetting(setting);
    expect(formatExact('2026-03-01T18:15:00.007Z')).toBe('2. März 2026, 00:00:00,007 GMT+5:45');
    expect(formatZone(now)).toBe('Asia/Kathmandu (GMT+5:45)');
    expect(formatCount(12_345)).toBe('12.345');
    expect(formatDuration(1_500)).toBe('1,5 s');
    expect(formatBytes(1_400_000)).toBe('1,4 MB');
    expect(plain(formatRate(0.031))).toBe('3,1 %');
    expect(plain(formatDollars(1_204.5))).toBe('1.204,50 $');
  });

  it('a sample shows a setting that is not in use', () => {
    expect(formatSample({ ...setting, clock: '12' }, now)).toMatch(/^1. März 2026, 11:45:00,000 PM.* · 1.234,5$/);
    expect(formatCount(12_345)).toBe('12,345');
  });
});

it('formatBytes writes few bytes as they are', () => {
  expect([0, 1, 512, 1_400].map(formatBytes)).toEqual(['0 bytes', '1 byte', '512 bytes', '1.4 kB']);
});
