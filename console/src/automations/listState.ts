/** What the list of automations shows: the URL tells, and this alone writes it. */

import type { AutomationSummary } from '../api/types';
import { choice, text } from '../lists/fields';
import { AUTOMATION_STATUSES, type AutomationStatus } from './types';

export interface ListFilters {
  status: AutomationStatus | null;
  /** Part of a name, or an id. */
  search: string | null;
}

const FIELDS = { status: choice(AUTOMATION_STATUSES), search: text() };

export function readListFilters(parameters: URLSearchParams): ListFilters {
  return {
    status: FIELDS.status.read(parameters.get('status')),
    search: FIELDS.search.read(parameters.get('search')),
  };
}

export function writeListFilters(
  current: URLSearchParams,
  { status, search }: ListFilters,
): URLSearchParams {
  const written = new URLSearchParams(current);
  for (const [name, value] of Object.entries({ status, search })) {
    if (value === null || value.trim() === '') written.delete(name);
    else written.set(name, value);
  }
  return written;
}

function isNamed({ name, id }: AutomationSummary, search: string | null): boolean {
  if (search === null) return true;
  return id === search || name.toLowerCase().includes(search.toLowerCase());
}

/** Those that the search finds; the archived ones stay out of sight until they are asked for. */
export function shown(all: readonly AutomationSummary[], filters: ListFilters) {
  const named = all.filter((each) => isNamed(each, filters.search));
  const counts: Record<string, number> = {};
  for (const { status } of named) counts[status] = (counts[status] ?? 0) + 1;
  const isShown = ({ status }: AutomationSummary) =>
    filters.status === null ? status !== 'ARCHIVED' : status === filters.status;
  return {
    automations: named.filter(isShown),
    counts,
    total: named.filter(({ status }) => status !== 'ARCHIVED').length,
  };
}
