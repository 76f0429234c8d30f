/** Converts periods between the URL (UTC) and form fields (the viewer's time zone). */

import type { Period } from './filters';

const HOUR = 3_600_000;
const RANGE_MS = { '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '30d': 30 * 24 * HOUR } as const;
export const RANGE_LABELS = { '24h': '24 hours', '7d': '7 days', '30d': '30 days' } as const;

/** The value of a `datetime-local` field, to the minute. */
export function toLocalInput(time: string | null): string {
  if (time === null) return '';
  const at = new Date(time);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** A `datetime-local` field's value as ISO 8601 in UTC; null if it is empty or not a time. */
export function fromLocalInput(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** Both ends in epoch milliseconds. */
export function boundsOf({ range, from, to }: Period, now: number): { from: number; to: number } {
  const end = to === null ? now : Date.parse(to);
  return { from: from === null ? end - RANGE_MS[range] : Date.parse(from), to: end };
}

/** `in the last 7 days` or `in the selected period`. */
export function periodText(period: Period): string {
  return period.from !== null || period.to !== null
    ? 'in the selected period'
    : `in the last ${RANGE_LABELS[period.range]}`;
}
