/** The filters of the refusals. */

import { REFUSAL_REASONS, type RefusalReason } from '../api/types';
import { choice, text } from '../lists/fields';
import { defineFilters, PERIOD_FIELDS, type Period } from '../lists/filters';

export interface RefusalFilters extends Period {
  reason: RefusalReason | null;
  automationId: string | null;
  /** A contact's id, e-mail address or phone number, as pasted. */
  contact: string | null;
}

export const REFUSAL_FILTERS = defineFilters<RefusalFilters>({
  reason: choice(REFUSAL_REASONS),
  automationId: text(),
  contact: text(),
  ...PERIOD_FIELDS,
});
