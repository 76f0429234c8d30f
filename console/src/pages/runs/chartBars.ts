/** Groups the hourly statistics into the few bars that fit in a small chart. */

import { RUN_STATUSES, type RunStatus, type Stats } from '../../shared/api/types';

const HOUR = 3_600_000;
/** Possible widths of a bar, in hours: common time spans. */
const WIDTHS = [1, 3, 6, 12, 24, 48, 168];
const MAX_BARS = 60;

/** `start` and `end` in epoch milliseconds; a count for every status. */
export type ChartBar = { start: number; end: number } & Record<RunStatus, number>;

function empty(start: number, end: number): ChartBar {
  return { start, end, PENDING: 0, RUNNING: 0, COMPLETED: 0, FAILED: 0, CANCELED: 0 };
}

/** From the start to the end of the requested period, without gaps. */
export function chartBarsOf({ from, to, hours }: Pick<Stats, 'from' | 'to' | 'hours'>): ChartBar[] {
  const first = Math.floor(Date.parse(from) / HOUR) * HOUR;
  const last = Math.max(first + HOUR, Date.parse(to));
  const count = Math.ceil((last - first) / HOUR);
  const width = (WIDTHS.find((one) => count / one <= MAX_BARS) ?? Math.ceil(count / MAX_BARS)) * HOUR;
  const bars: ChartBar[] = [];
  for (let start = first; start < last; start += width) {
    bars.push(empty(start, Math.min(start + width, last)));
  }
  for (const { start, counts } of hours) {
    const bar = bars[Math.floor((Date.parse(start) - first) / width)];
    if (!bar) continue;
    for (const status of RUN_STATUSES) bar[status] += counts[status] ?? 0;
  }
  return bars;
}

export function totalOf(bar: ChartBar): number {
  return RUN_STATUSES.reduce((sum, status) => sum + bar[status], 0);
}
