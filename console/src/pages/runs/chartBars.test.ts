import { expect, it } from 'vitest';
import { chartBarsOf, totalOf } from './chartBars';

const stats = (days: number) => ({
  from: '2026-03-01T10:20:00Z',
  to: new Date(Date.parse('2026-03-01T10:20:00Z') + days * 86_400_000).toISOString(),
  hours: [
    { start: '2026-03-01T10:00:00Z', counts: { COMPLETED: 2, FAILED: 1 } },
    { start: '2026-03-01T11:00:00Z', counts: { COMPLETED: 4 } },
  ],
});

it.each([
  [1, 25, [3, 4]],
  [7, 57, [7, 0]],
  [30, 31, [7, 0]],
])('%i days are %i bars', (days, count, first) => {
  const bars = chartBarsOf(stats(days));
  expect(bars).toHaveLength(count);
  expect(bars.slice(0, 2).map(totalOf)).toEqual(first);
  expect(bars.every(({ end }, index) => end === (bars[index + 1]?.start ?? end))).toBe(true);
});

it('hours outside the requested period are omitted', () => {
  const late = { start: '2027-01-01T00:00:00Z', counts: { FAILED: 9 } };
  const bars = chartBarsOf({ ...stats(1), hours: [late] });
  expect(bars.map(totalOf).reduce((sum, one) => sum + one, 0)).toBe(0);
});
