/** The API queries of the page of suppressed addresses. */

import { defineAddress } from '../../shared/address/addressState';
import { choice, text } from '../../shared/address/parameters';
import type { ApiClient } from '../../shared/api/client';
import { type Page, type Suppression, SUPPRESSION_REASONS } from '../../shared/api/types';

const PAGE_SIZE = 50;

export const SUPPRESSIONS = defineAddress({
  reason: choice(SUPPRESSION_REASONS),
  /** An e-mail address or phone number, as pasted. */
  address: text(),
});

export type SuppressionFilters = typeof SUPPRESSIONS.none;

/** An entry has no id of its own: an address is on the list once. */
export type SuppressionRow = Suppression & { id: string };

/** One page of the list, newest first. */
export async function fetchSuppressions(
  api: ApiClient,
  { reason, address }: SuppressionFilters,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<SuppressionRow>> {
  const query = { reason, address, limit: PAGE_SIZE, cursor };
  const { items, nextCursor } = await api.get('/v1/suppressions', { query, signal });
  const rows = items.map((each) => ({
    ...each,
    id: `${each.kind}:${each.address ?? each.deliveryId ?? each.createdAt}`,
  }));
  return { items: rows, nextCursor };
}

export function addSuppression(
  api: ApiClient,
  address: string,
  note: string,
): Promise<Suppression> {
  return api.post('/v1/suppressions', { body: { address, note: note === '' ? null : note } });
}

export function removeSuppression(api: ApiClient, address: string): Promise<unknown> {
  return api.delete('/v1/suppressions/{address}', { path: { address } });
}
