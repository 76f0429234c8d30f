/** The filters of the delivery list. */

import { CHANNELS, DELIVERY_STATUSES } from '../api/types';
import { choice, oneOfSeveral, text } from '../app/parameters';
import { defineFilters, type FiltersOf } from '../lists/filters';

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

/** The same filters as `GET /v1/deliveries` takes them. */
export function toQuery(filters: DeliveryFilters) {
  const { tab, ...query } = DELIVERY_FILTERS.toQuery(filters);
  return tab === null ? query : { ...query, status: ['DEAD_LETTERED' as const] };
}

/** The filters of the counts: all but the status, which is what is counted by. */
export function toCountsQuery(filters: DeliveryFilters) {
  return toQuery({ ...filters, tab: null, status: null });
}

/** Whether anything but the tab and the period narrows the list. */
export function isNarrowed(filters: DeliveryFilters): boolean {
  return DELIVERY_FILTERS.isNarrowed({ ...filters, tab: null });
}

/** What a person wrote to find the messages to somebody. */
export function writtenRecipient({ address, contact }: DeliveryFilters): string | null {
  return address ?? contact;
}

/** A contact's id asks for all messages to them, anything else for those to that address. */
export function recipient(
  written: string | null,
): Pick<DeliveryFilters, 'contact' | 'address'> {
  return written?.startsWith('con_')
    ? { contact: written, address: null }
    : { contact: null, address: written };
}

/** No filter but the period, in the same tab. */
export function cleared({ tab, range, from, to }: DeliveryFilters): DeliveryFilters {
  return { ...DELIVERY_FILTERS.none, tab, range, from, to };
}
