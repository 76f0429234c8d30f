/** What other pages need of deliveries: the filters of their list, and what one is called. */

import { choice, oneOfSeveral, text } from '../address/parameters';
import { CHANNELS, type Delivery, DELIVERY_STATUSES, type DeliveryDetail } from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';
import { formatWord } from '../ui/format';

export const DELIVERY_FILTERS = defineFilters({
  /** The list of what was given up; it has no statuses to choose among. */
  tab: choice(['dead-lettered']),
  status: oneOfSeveral(DELIVERY_STATUSES),
  channel: choice(CHANNELS),
  automationId: text(),
  /** A contact's id, e-mail address or phone number, as pasted. */
  contact: text(),
  /** Where it went: an e-mail address or phone number, as pasted. */
  address: text(),
  runId: text(),
});

export type DeliveryFilters = FiltersOf<typeof DELIVERY_FILTERS>;

/** Where it went; nothing of that is left of an erased contact. */
export function recipient({ address, erasedAt }: DeliveryDetail | Delivery): string {
  return erasedAt ? 'an erased contact' : address;
}

/** What a message is called where it has no subject. */
export function deliveryTitle(delivery: DeliveryDetail | Delivery): string {
  return delivery.subject ?? `${formatWord(delivery.channel)} to ${recipient(delivery)}`;
}
