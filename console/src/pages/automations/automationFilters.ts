/** The filters of the list of automations. */

import { defineAddress } from '../../shared/address/addressState';
import { choice, typedText } from '../../shared/address/parameters';
import type { AutomationSummary } from '../../shared/api/types';
import { AUTOMATION_STATUSES } from './types';

export const AUTOMATION_FILTERS = defineAddress({
  status: choice(AUTOMATION_STATUSES),
  /** Part of a name, or an id. */
  search: typedText(),
});

export type AutomationFilters = typeof AUTOMATION_FILTERS.none;

function isNamed({ name, id }: AutomationSummary, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return id === search.trim() || name.toLowerCase().includes(wanted);
}

/** The automations that match; archived ones only if their status is selected. */
export function filterAutomations(all: readonly AutomationSummary[], filters: AutomationFilters) {
  const named = all.filter((each) => isNamed(each, filters.search));
  const countOf = (wanted: string) => named.filter(({ status }) => status === wanted).length;
  const counts = Object.fromEntries(AUTOMATION_STATUSES.map((each) => [each, countOf(each)]));
  const isShown = ({ status }: AutomationSummary) =>
    filters.status === null ? status !== 'ARCHIVED' : status === filters.status;
  return {
    automations: named.filter(isShown),
    counts,
    total: named.filter(({ status }) => status !== 'ARCHIVED').length,
  };
}
