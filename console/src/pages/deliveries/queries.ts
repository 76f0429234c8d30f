/** The API queries of the delivery pages, and how often they refetch. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { Resent } from '../../shared/api/types';
import type { DeliveryFilters } from '../../shared/subjects/deliveries';
import { isUnderWay } from './describe';
import { toQuery } from './filters';

const PAGE_SIZE = 50;
const UNDER_WAY_POLL_MS = 2_000;
/** A provider reports minutes or hours after it accepted a message. */
const SETTLED_POLL_MS = 15_000;

export function deliveryQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) =>
      api.get('/v1/deliveries/{delivery_id}', { path: { delivery_id: id }, signal }),
    refetchInterval: ({ state }) => {
      if (!state.data) return false;
      return isUnderWay(state.data.status) ? UNDER_WAY_POLL_MS : SETTLED_POLL_MS;
    },
  });
}

export interface Resending {
  deliveryId: string;
  /** Resends a delivery; repeated calls with the same key make one resend. */
  idempotencyKey: string;
  force: boolean;
}

export function resend(api: ApiClient, { deliveryId, ...body }: Resending): Promise<Resent> {
  return api.post('/v1/deliveries/{delivery_id}/resend', {
    path: { delivery_id: deliveryId },
    body,
  });
}

/** One page of the list, newest first. */
export function fetchDeliveries(
  api: ApiClient,
  filters: DeliveryFilters,
  cursor: string | null,
  signal: AbortSignal,
) {
  const query = { ...toQuery(filters), limit: PAGE_SIZE, cursor };
  return api.get('/v1/deliveries', { query, signal });
}
