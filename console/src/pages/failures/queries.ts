/** The API queries of the failure pages, and how often they refetch. */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { FailureGroup } from '../../shared/api/types';
import { FAILURE_FILTERS, type FailureFilters } from '../../shared/subjects/failures';
import { usedLocale } from '../../shared/ui/locale';

/** Slow, because each answer counts the runs of every group. */
const POLL_MS = 30_000;
const PAGE_ROWS = 50;
/** The order by count has one page. */
const MOST_ROWS = 200;
/** How many runs are read for the people of a group. */
const RUN_ROWS = 200;

/** All queries of failure groups begin with this, so that a change refetches them. */
export const FAILURES_KEY = ['failure-groups'];

export function failuresQuery(api: ApiClient, filters: FailureFilters) {
  const { zone } = usedLocale();
  return infiniteQueryOptions({
    queryKey: [...FAILURES_KEY, 'list', filters, zone],
    queryFn: ({ pageParam, signal }) =>
      api.get('/v1/failure-groups', {
        query: {
          ...FAILURE_FILTERS.toQuery(filters),
          timeZone: zone,
          limit: filters.order === 'count' ? MOST_ROWS : PAGE_ROWS,
          cursor: pageParam,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: POLL_MS,
  });
}

export function failureQuery(api: ApiClient, id: string) {
  const { zone } = usedLocale();
  return queryOptions({
    queryKey: [...FAILURES_KEY, 'page', id, zone],
    queryFn: ({ signal }) =>
      api.get('/v1/failure-groups/{group_id}', {
        path: { group_id: id },
        query: { timeZone: zone },
        signal,
      }),
    refetchInterval: POLL_MS,
  });
}

/** The newest runs of a group; fetched again when its number of runs changes. */
export function groupRunsQuery(api: ApiClient, { id, count }: FailureGroup) {
  return queryOptions({
    queryKey: ['failure-runs', id, count],
    queryFn: ({ signal }) =>
      api.get('/v1/runs', { query: { errorGroup: id, limit: RUN_ROWS }, signal }),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });
}

export function assigneesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['assignees'],
    queryFn: async ({ signal }) =>
      (await api.get('/v1/failure-groups/assignees', { signal })).items,
    staleTime: 300_000,
  });
}

export function resolveGroup(api: ApiClient, id: string, note: string): Promise<FailureGroup> {
  return api.post('/v1/failure-groups/{group_id}/resolve', {
    path: { group_id: id },
    body: note === '' ? {} : { note },
  });
}

export function reopenGroup(api: ApiClient, id: string): Promise<FailureGroup> {
  return api.post('/v1/failure-groups/{group_id}/reopen', { path: { group_id: id } });
}

export function assignGroup(
  api: ApiClient,
  id: string,
  userId: string | null,
): Promise<FailureGroup> {
  return api.post('/v1/failure-groups/{group_id}/assign', {
    path: { group_id: id },
    body: { userId },
  });
}
