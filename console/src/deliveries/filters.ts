/** The filters of the delivery list. */

import type { Parameters } from '../api/client';
import { CHANNELS, type Channel, DELIVERY_STATUSES, type DeliveryStatus } from '../api/types';
import { choice, text } from '../lists/fields';
import { defineFilters, PERIOD_FIELDS, type Period } from '../lists/filters';

export interface DeliveryFilters extends Period {
  /** The list of what was given up; it has no statuses to choose among. */
  tab: 'dead-lettered' | null;
  status: DeliveryStatus | null;
  channel: Channel | null;
  automationId: string | null;
  /** A contact's id, e-mail address or phone number, as pasted. */
  contact: string | null;
  /** Where it went: an e-mail address or phone number, as pasted. */
  address: string | null;
  runId: string | null;
}

export const DELIVERY_FILTERS = defineFilters<DeliveryFilters>({
  tab: choice(['dead-lettered']),
  status: choice(DELIVERY_STATUSES),
  channel: choice(CHANNELS),
  automationId: text(),
  contact: text(),
  address: text(),
  runId: text(),
  ...PERIOD_FIELDS,
});

/** The same filters as `GET /v1/deliveries` takes them. */
export function toQuery(filters: DeliveryFilters): Parameters {
  const { tab, ...query } = DELIVERY_FILTERS.toQuery(filters);
  return tab === null ? query : { ...query, status: 'DEAD_LETTERED' };
}

/** The filters of the counts: all but the status, which is what is counted by. */
export function toCountsQuery(filters: DeliveryFilters): Parameters {
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
