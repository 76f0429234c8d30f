/** What other pages need from deliveries: the filters of their list, and their titles. */

import { choice, oneOfSeveral, text } from '../address/parameters';
import { CHANNELS, type Delivery, DELIVERY_STATUSES, type DeliveryDetail } from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';
import { formatWord } from '../ui/format';

export const DELIVERY_FILTERS = defineFilters({
  /** The tab of dead-lettered deliveries; it has no status filter. */
  tab: choice(['dead-lettered']),
  status: oneOfSeveral(DELIVERY_STATUSES),
  channel: choice(CHANNELS),
  automationId: text(),
  /** A contact's id, e-mail address, phone number or external id, as pasted. */
  contact: text(),
  /** The recipient's e-mail address or phone number, in any format. */
  address: text(),
  runId: text(),
});

export type DeliveryFilters = FiltersOf<typeof DELIVERY_FILTERS>;

/** The recipient's address; it is removed if the contact was erased. */
export function recipient({ address, erasedAt }: DeliveryDetail | Delivery): string {
  return erasedAt ? 'an erased contact' : address;
}

/** A message's title: its subject, else its channel and recipient. */
export function deliveryTitle(delivery: DeliveryDetail | Delivery): string {
  return delivery.subject ?? `${formatWord(delivery.channel)} to ${recipient(delivery)}`;
}
