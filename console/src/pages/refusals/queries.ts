/** The API queries of the refusal pages. */

import { queryOptions, type QueryClient } from '@tanstack/react-query';
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

/** Sends the refused event once more, through the trigger as it is now. */
export function replay(api: ApiClient, id: string) {
  return api.post('/v1/refusals/{refusal_id}/replay', { path: { refusal_id: id } });
}

/** After a replay: the refusal names it, and the lists have its runs or its new refusal. */
export function forgetReplayed(queries: QueryClient, id: string): void {
  for (const key of [['refusal', id], ['refusals'], ['runs']]) {
    void queries.invalidateQueries({ queryKey: key });
  }
}
