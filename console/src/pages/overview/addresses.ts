/** The addresses of the lists that show exactly the items of a number. */

import type { Overview } from '../../shared/api/types';
import { defineFilters } from '../../shared/lists/filters';
import { DELIVERY_FILTERS } from '../../shared/subjects/deliveries';
import { REFUSAL_FILTERS } from '../../shared/subjects/refusals';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';

/** A list without a start has the last 7 days; this is before all rows. */
const LONG_AGO = '2000-01-01T00:00:00.000Z';

/** The filters that every list has. */
const PERIOD = defineFilters({});

interface Hour {
  from: string;
  to: string;
}

export function hourAddress({ from, to }: Hour, status: RunFilters['status'] = null): string {
  return RUN_FILTERS.address('/runs', { from, to, status });
}

/** Open runs of any age, by what they do. */
export function healthAddress({ openRuns }: Overview, health: RunFilters['health']): string {
  return RUN_FILTERS.address('/runs', { from: openRuns.oldestAt ?? LONG_AGO, health });
}

function lastDay({ dayFrom, at }: Overview): Hour {
  return { from: dayFrom, to: at };
}

export function refusalsAddress(overview: Overview): string {
  return REFUSAL_FILTERS.address('/refusals', lastDay(overview));
}

export function bouncesAddress(overview: Overview): string {
  const filters = { ...lastDay(overview), errorKind: 'BOUNCED' };
  return DELIVERY_FILTERS.address('/delivery-ops', filters);
}

export function deadLettersAddress(overview: Overview): string {
  const filters = { ...lastDay(overview), tab: 'dead-lettered' as const };
  return DELIVERY_FILTERS.address('/delivery-ops', filters);
}

export function failuresAddress(overview: Overview): string {
  return PERIOD.address('/failures', lastDay(overview));
}

/** The runs of one failure group. */
export function groupAddress(overview: Overview, errorGroup: string): string {
  return RUN_FILTERS.address('/runs', { ...lastDay(overview), errorGroup });
}

/** The runs in which a node was measured. */
export function measuredAddress(overview: Overview, automationId: string): string {
  return RUN_FILTERS.address('/runs', { ...lastDay(overview), automationId });
}
