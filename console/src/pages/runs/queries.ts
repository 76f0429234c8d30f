/** The API queries of the run pages, and how often they refetch. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { QueryOf } from '../../shared/api/operations';
import { nullIfMissing } from '../../shared/api/queries';
import type {
  CancelOutcome,
  RerunDocument,
  RerunPreview,
  Run,
  SkipOutcome,
} from '../../shared/api/types';
import { type AskedFilters, filterDocument } from '../../shared/lists/exports';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';

const PAGE_SIZE = 50;
const CANCELLATION_POLL_MS = 3_000;
const STATS_POLL_MS = 30_000;

/** One page of the list, newest first. */
export function fetchRuns(
  api: ApiClient,
  filters: RunFilters,
  cursor: string | null,
  signal: AbortSignal,
) {
  const query = { ...RUN_FILTERS.toQuery(filters), limit: PAGE_SIZE, cursor };
  return api.get('/v1/runs', { query, signal });
}

export function statsQuery(api: ApiClient, query: QueryOf<'/v1/stats'>) {
  return queryOptions({
    queryKey: ['stats', query],
    queryFn: ({ signal }) => nullIfMissing(api.get('/v1/stats', { query, signal })),
    retry: false,
    // Retry after an error, but not if the deployment does not have the endpoint.
    refetchInterval: ({ state }) => (state.data === null ? false : STATS_POLL_MS),
  });
}

const GROUP_LIMIT = 50;

export function failureGroupsQuery(api: ApiClient, query: QueryOf<'/v1/failure-groups'>) {
  return queryOptions({
    queryKey: ['failure-groups', query],
    queryFn: ({ signal }) =>
      nullIfMissing(
        api.get('/v1/failure-groups', { query: { ...query, limit: GROUP_LIMIT }, signal }),
      ),
    staleTime: 30_000,
    retry: false,
  });
}

export function cancelRun(api: ApiClient, id: string, reason: string): Promise<Run> {
  return api.post('/v1/runs/{run_id}/cancel', { path: { run_id: id }, body: { reason } });
}

/** Opens a rerun; an answer to a dry run is a preview instead. */
export async function rerun(
  api: ApiClient,
  id: string,
  document: Omit<RerunDocument, 'dryRun'>,
): Promise<string> {
  const answer = await api.post('/v1/runs/{run_id}/rerun', {
    path: { run_id: id },
    body: { ...document, dryRun: false },
  });
  if (!('runId' in answer)) throw new Error('The server answered with a preview.');
  return answer.runId;
}

/** Asks what a rerun would do; null for an invalid document. */
export function rerunPreviewQuery(
  api: ApiClient,
  id: string,
  document: Omit<RerunDocument, 'dryRun'> | null,
) {
  return queryOptions({
    queryKey: ['rerun-preview', id, document],
    queryFn: async ({ signal }): Promise<RerunPreview> => {
      const answer = await api.post('/v1/runs/{run_id}/rerun', {
        path: { run_id: id },
        body: { version: 'SAME', fireDownstream: false, ...document, dryRun: true },
        signal,
      });
      if ('runId' in answer) throw new Error('The server opened a rerun instead of a preview.');
      return answer;
    },
    enabled: document !== null,
    gcTime: 0,
    retry: false,
  });
}

export function comparisonQuery(api: ApiClient, id: string, otherId: string) {
  return queryOptions({
    queryKey: ['comparison', id, otherId],
    queryFn: ({ signal }) =>
      api.get('/v1/runs/{run_id}/compare/{other_id}', {
        path: { run_id: id, other_id: otherId },
        signal,
      }),
  });
}

/** Ends the waits of a run. */
export function skipWait(api: ApiClient, id: string): Promise<Run> {
  return api.post('/v1/runs/{run_id}/skip-wait', { path: { run_id: id } });
}

/** Ends the waits of every waiting run that matches the filters; `dryRun` only counts them. */
export function skipWaits(
  api: ApiClient,
  filter: AskedFilters,
  dryRun: boolean,
): Promise<SkipOutcome> {
  return api.post('/v1/runs/skip-wait', { body: { filter: filterDocument(filter), dryRun } });
}

/** The progress of skipped waits that continues in the background. */
export function skippedWaitsQuery(api: ApiClient, started: SkipOutcome) {
  const { id } = started;
  return queryOptions({
    queryKey: ['skipped-waits', id],
    queryFn: ({ signal }) =>
      api.get('/v1/runs/skip-wait/{skip_id}', { path: { skip_id: id ?? '' }, signal }),
    enabled: id !== null && !started.isComplete,
    initialData: started,
    refetchInterval: ({ state }) => (state.data?.isComplete ? false : CANCELLATION_POLL_MS),
  });
}

/** Cancels every open run that matches the filters; `dryRun` only counts them. */
export function cancelRuns(
  api: ApiClient,
  filter: AskedFilters,
  reason: string,
  dryRun: boolean,
): Promise<CancelOutcome> {
  return api.post('/v1/runs/cancel', {
    body: { filter: filterDocument(filter), reason, dryRun },
  });
}

/** The progress of a cancellation that continues in the background. */
export function cancellationQuery(api: ApiClient, started: CancelOutcome) {
  const { id } = started;
  return queryOptions({
    queryKey: ['cancellation', id],
    queryFn: ({ signal }) =>
      api.get('/v1/runs/cancel/{cancellation_id}', { path: { cancellation_id: id ?? '' }, signal }),
    enabled: id !== null && !started.isComplete,
    initialData: started,
    refetchInterval: ({ state }) => (state.data?.isComplete ? false : CANCELLATION_POLL_MS),
  });
}
