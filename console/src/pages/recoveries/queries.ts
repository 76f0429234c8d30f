/** The API queries of the recovery pages, and how often they refetch. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import { everyPage, nullIfMissing } from '../../shared/api/queries';
import type { Recovery } from '../../shared/api/types';

const POLL_MS = 3_000;
const MOST_ROWS = 200;

/** Whether the recovery can still change by itself. */
export function isActive({ status, counts }: Recovery): boolean {
  const isOver = status === 'COMPLETED' || status === 'ABORTED';
  return !isOver || counts.opened > counts.completed + counts.failed + counts.canceled;
}

export function recoveriesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['recoveries'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        api.get('/v1/recoveries', { query: { cursor, limit: MOST_ROWS }, signal }),
      ),
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? POLL_MS : false),
  });
}

export function recoveryQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['recovery', id],
    queryFn: ({ signal }) =>
      api.get('/v1/recoveries/{recovery_id}', { path: { recovery_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data && !isActive(state.data) ? false : POLL_MS),
  });
}

/** The first runs of a recovery. They are fetched again whenever its counts have changed. */
export function recoveryRunsQuery(api: ApiClient, { id, counts }: Recovery) {
  return queryOptions({
    queryKey: ['recovery-runs', id, counts],
    queryFn: ({ signal }) =>
      api.get('/v1/recoveries/{recovery_id}/runs', {
        path: { recovery_id: id ?? '' },
        query: { limit: MOST_ROWS },
        signal,
      }),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    gcTime: 0,
  });
}

/** A failure group; null if it has expired. */
export function failureGroupQuery(api: ApiClient, id: string, isOver: boolean) {
  return queryOptions({
    queryKey: ['failure-group', id, isOver],
    queryFn: ({ signal }) =>
      nullIfMissing(api.get('/v1/failure-groups/{group_id}', { path: { group_id: id }, signal })),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });
}

export type RecoveryChange = 'continue' | 'pause' | 'abort';

export function changeRecovery(
  api: ApiClient,
  id: string,
  change: RecoveryChange,
): Promise<Recovery> {
  return api.post(`/v1/recoveries/{recovery_id}/${change}`, { path: { recovery_id: id } });
}
