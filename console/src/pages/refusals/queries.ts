/** The API queries of the refusal pages. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import { REFUSAL_FILTERS, type RefusalFilters } from '../../shared/subjects/refusals';

const PAGE_SIZE = 50;

/** One page of the list, newest first. */
export function fetchRefusals(
  api: ApiClient,
  filters: RefusalFilters,
  cursor: string | null,
  signal: AbortSignal,
) {
  const query = { ...REFUSAL_FILTERS.toQuery(filters), limit: PAGE_SIZE, cursor };
  return api.get('/v1/refusals', { query, signal });
}

export function refusalQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['refusal', id],
    queryFn: ({ signal }) =>
      api.get('/v1/refusals/{refusal_id}', { path: { refusal_id: id }, signal }),
  });
}
