/** What other pages need from refusals: the filters of their list. */

import { oneOfSeveral, text } from '../address/parameters';
import { REFUSAL_REASONS } from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';

export const REFUSAL_FILTERS = defineFilters({
  reason: oneOfSeveral(REFUSAL_REASONS),
  automationId: text(),
  /** A contact's id, e-mail address, phone number or external id, as pasted. */
  contact: text(),
});

export type RefusalFilters = FiltersOf<typeof REFUSAL_FILTERS>;
