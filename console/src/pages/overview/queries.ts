/** The API query of the overview, and how often it refetches. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';

const POLL_MS = 30_000;

export function overviewQuery(api: ApiClient, timeZone: string) {
  return queryOptions({
    queryKey: ['overview', timeZone],
    queryFn: ({ signal }) => api.get('/v1/overview', { query: { timeZone }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: POLL_MS,
  });
}
