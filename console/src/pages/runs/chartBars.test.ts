import { expect, it } from 'vitest';
import { chartOf, scaleOf, totalOf } from './chartBars';

const stats = (days: number) => ({
  from: '2026-03-01T10:20:00Z',
  to: new Date(Date.parse('2026-03-01T10:20:00Z') + days * 86_400_000).toISOString(),
  hours: [
    { start: '2026-03-01T10:00:00Z', counts: { COMPLETED: 2, FAILED: 1 } },
    { start: '2026-03-01T11:00:00Z', counts: { COMPLETED: 4 } },
  ],
  minutes: [],
});

it.each([
  [1, 25, [3, 4]],
  [7, 57, [7, 0]],
  [30, 31, [7, 0]],
])('%i days are %i bars', (days, count, first) => {
  const { bars, trimmedBefore } = chartOf(stats(days));
  expect(bars).toHaveLength(count);
  expect(bars.slice(0, 2).map(totalOf)).toEqual(first);
  expect(bars.every(({ end }, index) => end === (bars[index + 1]?.start ?? end))).toBe(true);
  expect(trimmedBefore).toBeNull();
});

it('hours outside the requested period are omitted', () => {
  const late = { start: '2027-01-01T00:00:00Z', counts: { FAILED: 9 } };
  const { bars } = chartOf({ ...stats(1), hours: [late] });
  expect(bars.map(totalOf).reduce((sum, one) => sum + one, 0)).toBe(0);
});

it('begins with the first run, and says so', () => {
  const hours = [
    { start: '2026-03-01T11:00:00Z', counts: { FAILED: 0 } },
    { start: '2026-03-07T10:00:00Z', counts: { COMPLETED: 2 } },
  ];
  const { bars, trimmedBefore } = chartOf({ ...stats(7), hours });
  expect(trimmedBefore).toBe(Date.parse('2026-03-07T10:00:00Z'));
  expect(bars).toHaveLength(25);
  expect(bars.map(totalOf).slice(0, 2)).toEqual([2, 0]);
});

it('shows some time before a burst at the end', () => {
  const hours = [{ start: '2026-03-08T09:00:00Z', counts: { COMPLETED: 2 } }];
  const { bars } = chartOf({ ...stats(7), hours });
  expect(bars.length).toBeGreaterThan(10);
  expect(bars.map(totalOf).slice(-2)).toEqual([2, 0]);
});

it('a short period has a bar for each minute', () => {
  const { bars } = chartOf({
    from: '2026-03-01T10:20:30Z',
    to: '2026-03-01T11:20:00Z',
    hours: [],
    minutes: [{ start: '2026-03-01T10:20:00Z', counts: { COMPLETED: 2 } }],
  });
  expect(bars).toHaveLength(60);
  expect(bars.map(totalOf)[0]).toBe(2);
});

it.each([
  [0, 1],
  [1, 1],
  [3, 4],
  [6, 6],
  [9, 10],
  [11, 12],
  [41, 50],
  [1_204, 1_600],
])('the scale of at most %i runs ends at %i', (most, top) => {
  const bar = { start: 0, end: 1, PENDING: 0, RUNNING: 0, COMPLETED: most, FAILED: 0, CANCELED: 0 };
  expect(scaleOf([bar])).toBe(top);
});
