/** What the run pages ask of the API, and how often they ask again. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from '../api/client';
import { ApiError } from '../api/problem';
import type { CancelOutcome, FailureGroup, Page, Run, Stats } from '../api/types';
import { filterDocument } from '../lists/exports';

const CANCELLATION_POLL_MS = 3_000;
const STATS_POLL_MS = 30_000;

/** Null where the deployment does not have what was asked for. */
async function whereThereIs<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function statsQuery(api: ApiClient, filters: Parameters) {
  return queryOptions({
    queryKey: ['stats', filters],
    queryFn: ({ signal }) => whereThereIs(api.get<Stats>('/v1/stats', filters, signal)),
    retry: false,
    // A failure may pass; what the deployment does not have will not come.
    refetchInterval: ({ state }) => (state.data === null ? false : STATS_POLL_MS),
  });
}

const GROUP_LIMIT = 50;

export function failureGroupsQuery(api: ApiClient, filters: Parameters) {
  return queryOptions({
    queryKey: ['failure-groups', filters],
    queryFn: ({ signal }) =>
      whereThereIs(
        api.get<Page<FailureGroup>>('/v1/failure-groups', { ...filters, limit: GROUP_LIMIT }, signal),
      ),
    staleTime: 30_000,
    retry: false,
  });
}

export function cancelRun(api: ApiClient, id: string, reason: string): Promise<Run> {
  return api.send('POST', `/v1/runs/${encodeURIComponent(id)}/cancel`, { reason });
}

/** Cancels every open run that the filters match; `dryRun` only tells which. */
export function cancelRuns(
  api: ApiClient,
  filter: Parameters,
  reason: string,
  dryRun: boolean,
): Promise<CancelOutcome> {
  return api.send('POST', '/v1/runs/cancel', { filter: filterDocument(filter), reason, dryRun });
}

/** How far a cancellation has come that goes on in the background. */
export function cancellationQuery(api: ApiClient, started: CancelOutcome) {
  const { id } = started;
  return queryOptions({
    queryKey: ['cancellation', id],
    queryFn: ({ signal }) =>
      api.get<CancelOutcome>(`/v1/runs/cancel/${encodeURIComponent(id ?? '')}`, {}, signal),
    enabled: id !== null && !started.isComplete,
    initialData: started,
    refetchInterval: ({ state }) => (state.data?.isComplete ? false : CANCELLATION_POLL_MS),
  });
}
