/** Converts the filters of the delivery list for the API and for the form. */

import { DELIVERY_FILTERS, type DeliveryFilters } from '../../shared/subjects/deliveries';

/** The filters as `GET /v1/deliveries` takes them. */
export function toQuery(filters: DeliveryFilters) {
  const { tab, ...query } = DELIVERY_FILTERS.toQuery(filters);
  return tab === null ? query : { ...query, status: ['DEAD_LETTERED' as const] };
}

/** The filters of the counts: all except the status, as counts are by status. */
export function toCountsQuery(filters: DeliveryFilters) {
  return toQuery({ ...filters, tab: null, status: null });
}

/** Whether any filter except the tab and the period is set. */
export function isNarrowed(filters: DeliveryFilters): boolean {
  return DELIVERY_FILTERS.isNarrowed({ ...filters, tab: null });
}

/** The text of the recipient filter: an address or a contact id. */
export function writtenRecipient({ address, contact }: DeliveryFilters): string | null {
  return address ?? contact;
}

/** A contact's id filters by contact; other text filters by address. */
export function recipientFilter(
  written: string | null,
): Pick<DeliveryFilters, 'contact' | 'address'> {
  return written?.startsWith('con_')
    ? { contact: written, address: null }
    : { contact: null, address: written };
}

/** The cleared filters: only the period and the tab stay. */
export function clearedFilters({ tab, range, from, to }: DeliveryFilters): DeliveryFilters {
  return { ...DELIVERY_FILTERS.none, tab, range, from, to };
}

/** A view of dead-lettered deliveries opens their tab, from which they can be resent. */
export function settleView(filters: DeliveryFilters): DeliveryFilters {
  return filters.status === 'DEAD_LETTERED'
    ? { ...filters, status: null, tab: 'dead-lettered' }
    : filters;
}
