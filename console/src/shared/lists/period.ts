/** Converts periods between the URL (UTC) and form fields (the chosen time zone). */

import { t } from '@lingui/core/macro';
import { usedLocale } from '../ui/locale';
import { fromClock, toClock } from '../ui/zones';
import type { Period } from './filters';

const HOUR = 3_600_000;
const RANGE_MS = { '1h': HOUR, '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '30d': 30 * 24 * HOUR } as const;
export const RANGE_LABELS = {
  '1h': 'hour',
  '24h': t`24 hours`,
  '7d': t`7 days`,
  '30d': t`30 days`,
} as const;

/** The value of a `datetime-local` field, to the minute. */
export function toLocalInput(time: string | null): string {
  return time === null ? '' : toClock(Date.parse(time), usedLocale().zone);
}

/** A `datetime-local` field's value as ISO 8601 in UTC; null if it is empty or not a time. */
export function fromLocalInput(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const moment = fromClock(value, usedLocale().zone);
  return moment === null ? null : new Date(moment).toISOString();
}

/** Both ends in epoch milliseconds. */
export function boundsOf({ range, from, to }: Period, now: number): { from: number; to: number } {
  const end = to === null ? now : Date.parse(to);
  return { from: from === null ? end - RANGE_MS[range] : Date.parse(from), to: end };
}

/** `in the last 7 days` or `in the selected period`. */
export function periodText(period: Period): string {
  return period.from !== null || period.to !== null
    ? t`in the selected period`
    : t`in the last ${RANGE_LABELS[period.range]}`;
}
