/** What the refusal pages ask of the API. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from '../api/client';
import type { Page, Refusal } from '../api/types';

const PAGE_SIZE = 50;

/** One page of the list, newest first. */
export function fetchRefusals(
  api: ApiClient,
  filters: Parameters,
  cursor: string | null,
  signal: AbortSignal,
) {
  return api.get<Page<Refusal>>('/v1/refusals', { ...filters, limit: PAGE_SIZE, cursor }, signal);
}

export function refusalQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['refusal', id],
    queryFn: ({ signal }) =>
      api.get<Refusal>(`/v1/refusals/${encodeURIComponent(id)}`, {}, signal),
  });
}
