/** Groups the statistics into the few bars that fit in a small chart. */

import { RUN_STATUSES, type RunStatus, type Stats } from '../../shared/api/types';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Possible widths of a bar: common time spans. */
const MINUTES = [1, 2, 5, 10].map((width) => width * MINUTE);
const HOURS = [1, 3, 6, 12, 24, 48, 168].map((width) => width * HOUR);
const MAX_BARS = 60;
/** The chart of a short burst still shows some time before it. */
const LEAST_BARS = 12;

/** `start` and `end` in epoch milliseconds; a count for every status. */
export type ChartBar = { start: number; end: number } & Record<RunStatus, number>;

export interface Chart {
  bars: ChartBar[];
  /** Where the bars begin, if the period before has no runs and is left out; epoch milliseconds. */
  trimmedBefore: number | null;
}

function empty(start: number, end: number): ChartBar {
  return { start, end, PENDING: 0, RUNNING: 0, COMPLETED: 0, FAILED: 0, CANCELED: 0 };
}

/**
 * The bars of the period without gaps, from its first run to its end: the end without runs says
 * something, the time before the first run does not.
 */
export function chartOf({ from, to, hours, minutes }: Pick<Stats, 'from' | 'to' | 'hours' | 'minutes'>): Chart {
  const [parts, unit, widths] =
    minutes.length > 0 ? [minutes, MINUTE, MINUTES] : [hours, HOUR, HOURS];
  const begin = Math.floor(Date.parse(from) / unit) * unit;
  const last = Math.max(begin + unit, Date.parse(to));
  const inPeriod = parts
    .map(({ start, counts }) => ({ start: Date.parse(start), counts }))
    .filter(({ start }) => start >= begin && start < last);
  const filled = inPeriod.find(({ counts }) => Object.values(counts).some((count) => count > 0));
  const latest = Math.max(begin, Math.floor(last / unit) * unit - LEAST_BARS * unit);
  const first = filled ? Math.min(filled.start, latest) : begin;
  const count = Math.ceil((last - first) / unit);
  const width = widths.find((one) => (last - first) / one <= MAX_BARS) ?? Math.ceil(count / MAX_BARS) * unit;
  const bars: ChartBar[] = [];
  for (let start = first; start < last; start += width) {
    bars.push(empty(start, Math.min(start + width, last)));
  }
  for (const { start, counts } of inPeriod) {
    const bar = bars[Math.floor((start - first) / width)];
    if (!bar) continue;
    for (const status of RUN_STATUSES) bar[status] += counts[status] ?? 0;
  }
  return { bars, trimmedBefore: first > begin ? first : null };
}

export function totalOf(bar: ChartBar): number {
  return RUN_STATUSES.reduce((sum, status) => sum + bar[status], 0);
}

/** Tops of a scale, times a power of ten; the half of each is a whole number from ten on. */
const TOPS = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10];
const SMALL_TOPS = [1, 2, 4, 6, 8, 10];

/** The top of the scale: the next round number; at least 1. */
export function scaleOf(bars: readonly ChartBar[]): number {
  const most = Math.max(1, ...bars.map(totalOf));
  const power = 10 ** Math.floor(Math.log10(most));
  const step = (power === 1 ? SMALL_TOPS : TOPS).find((each) => each * power >= most) ?? 10;
  return Math.round(step * power);
}
