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

export const RUN_FILTERS = defineFilters<RunFilters>({
  status: choice(RUN_STATUSES),
  automationId: text(),
  contact: text(),
  errorGroup: text(),
  ...PERIOD_FIELDS,
});
