/** The filters of the run history. */

import { type RunStatus, RUN_STATUSES } from '../api/types';
import { choice, text } from '../lists/fields';
import { defineFilters, PERIOD_FIELDS, type Period } from '../lists/filters';

export interface RunFilters extends Period {
  status: RunStatus | null;
  automationId: string | null;
  /** A contact's id, e-mail address or phone number, as pasted. */
  contact: string | null;
  /** A failure group's id. */
  errorGroup: string | null;
}

const UNCHARTED = [
  ['status', 'status'],
  ['contact', 'contact'],
  ['errorGroup', 'error'],
] as const;

/** What of the filters the chart does not follow, in words; null while it shows what the list does. */
export function chartNote(filters: RunFilters): string | null {
  const words = UNCHARTED.filter(([name]) => filters[name] !== null).map(([, word]) => word);
  if (words.length === 0) return null;
  const runs = filters.automationId === null ? 'All runs' : 'All runs of the automation';
  const [last = '', ...others] = words.toReversed();
  const listed =
    others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `${runs} in the period; the list below is filtered by ${listed}.`;
}

export const RUN_FILTERS = defineFilters<RunFilters>({
  status: choice(RUN_STATUSES),
  automationId: text(),
  contact: text(),
  errorGroup: text(),
  ...PERIOD_FIELDS,
});
