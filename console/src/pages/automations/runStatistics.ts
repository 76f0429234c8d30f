/** Statistics of an automation over the last days. */

import type { Counts } from '../../shared/api/types';
import { formatCount } from '../../shared/ui/format';

export interface RunStatistics {
  /** `1,204`, or `1,204+` if counting ended early. */
  runs: string;
  total: number;
  open: number;
  failed: number;
  /** The share of failed runs among completed and failed ones; null if there are none. */
  failureRate: number | null;
}

export function statisticsOf({ counts, total, isComplete }: Counts): RunStatistics {
  const of = (status: string) => counts[status] ?? 0;
  const ended = of('COMPLETED') + of('FAILED');
  return {
    runs: `${formatCount(total)}${isComplete ? '' : '+'}`,
    total,
    open: of('PENDING') + of('RUNNING'),
    failed: of('FAILED'),
    failureRate: ended === 0 ? null : of('FAILED') / ended,
  };
}

/** `0%`, `0.3%`, `12%`: failures never round to 0%. */
export function formatRate(rate: number): string {
  const percent = rate * 100;
  if (percent === 0) return '0%';
  if (percent < 0.1) return '< 0.1%';
  return percent < 10 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`;
}
