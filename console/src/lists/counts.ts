import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from '../api/client';
import type { Counts } from '../api/types';

const POLL_MS = 10_000;

/** How many rows of a list have each status, by the list's other filters. */
export function countsQuery(api: ApiClient, path: string, filters: Parameters) {
  return queryOptions({
    queryKey: ['counts', path, filters],
    queryFn: ({ signal }) => api.get<Counts>(path, filters, signal),
    placeholderData: keepPreviousData,
    // Chips without figures still filter: a deployment that does not count is not asked again.
    retry: false,
    refetchInterval: ({ state }) => (state.status === 'error' ? false : POLL_MS),
  });
}
