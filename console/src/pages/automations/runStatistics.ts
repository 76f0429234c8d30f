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
