/** The filters of the delivery list, as the API takes them and as a person writes them. */

import { DELIVERY_FILTERS, type DeliveryFilters } from '../../shared/subjects/deliveries';

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
export function recipientFilter(
  written: string | null,
): Pick<DeliveryFilters, 'contact' | 'address'> {
  return written?.startsWith('con_')
    ? { contact: written, address: null }
    : { contact: null, address: written };
}

/** No filter but the period, in the same tab. */
export function clearedFilters({ tab, range, from, to }: DeliveryFilters): DeliveryFilters {
  return { ...DELIVERY_FILTERS.none, tab, range, from, to };
}
