/** What the delivery pages ask of the API, and how often they ask again. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from '../api/client';
import type { Delivery, DeliveryDetail, Page, Resent } from '../api/types';
import { isUnderWay } from './describe';

const PAGE_SIZE = 50;
const UNDER_WAY_POLL_MS = 2_000;
/** A provider reports minutes or hours after it took a message. */
const SETTLED_POLL_MS = 15_000;

export function deliveryQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) =>
      api.get<DeliveryDetail>(`/v1/deliveries/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state }) => {
      if (!state.data) return false;
      return isUnderWay(state.data.status) ? UNDER_WAY_POLL_MS : SETTLED_POLL_MS;
    },
  });
}

export interface Resending {
  deliveryId: string;
  /** The same key makes one resend, however often it is asked for. */
  idempotencyKey: string;
  force: boolean;
}

export function resend(api: ApiClient, { deliveryId, ...document }: Resending): Promise<Resent> {
  return api.send('POST', `/v1/deliveries/${encodeURIComponent(deliveryId)}/resend`, document);
}

/** One page of the list, newest first. */
export function fetchDeliveries(
  api: ApiClient,
  filters: Parameters,
  cursor: string | null,
  signal: AbortSignal,
) {
  return api.get<Page<Delivery>>(
    '/v1/deliveries',
    { ...filters, limit: PAGE_SIZE, cursor },
    signal,
  );
}
