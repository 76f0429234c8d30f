/** The API queries of the run pages, and how often they refetch. */

import { keepPreviousData, queryOptions, type QueryClient } from '@tanstack/react-query';
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
import { countsQuery } from '../../shared/lists/counts';
import { type AskedFilters, filterDocument } from '../../shared/lists/exports';
import { periodQuery } from '../../shared/lists/filters';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import type { Order } from './openRuns';

const PAGE_SIZE = 50;
const CANCELLATION_POLL_MS = 3_000;
const STATS_POLL_MS = 30_000;
/** As for the counts: the page's first calls are not repeated when it is drawn. */
const STATS_FRESH_MS = 5_000;

/** One page of the list. */
function fetchRuns(
  api: ApiClient,
  filters: RunFilters,
  order: Order,
  cursor: string | null,
  signal: AbortSignal,
) {
  const query = {
    ...RUN_FILTERS.toQuery(filters),
    // The API's own order is newest first.
    ...(order !== 'newest' && { order }),
    limit: PAGE_SIZE,
    cursor,
  };
  return api.get('/v1/runs', { query, signal });
}

/** The rows of the list: what `useLiveList` takes. */
export function runList(api: ApiClient, filters: RunFilters, order: Order) {
  return {
    queryKey: ['runs', filters, order],
    fetchPage: (cursor: string | null, signal: AbortSignal) =>
      fetchRuns(api, filters, order, cursor, signal),
    order,
  };
}

function countedRuns(api: ApiClient, filters: RunFilters) {
  const query = RUN_FILTERS.toQuery(filters);
  return countsQuery(['runs', query], (signal) => api.get('/v1/runs/counts', { query, signal }));
}

/** Counts by status, whatever status the filters choose. */
export function runCountsQuery(api: ApiClient, filters: RunFilters) {
  return countedRuns(api, { ...filters, status: null, health: null });
}

export function waitingCountsQuery(api: ApiClient, filters: RunFilters) {
  return countedRuns(api, { ...filters, status: null, health: 'WAITING' });
}

/** Fetches everything again that shows or counts runs, after many of them changed. */
export async function refreshRuns(queries: QueryClient): Promise<void> {
  const keys = ['runs', 'counts', 'stats', 'failure-groups', 'automation-activity'];
  await Promise.all(keys.map((key) => queries.invalidateQueries({ queryKey: [key] })));
}

export function statsQuery(api: ApiClient, query: QueryOf<'/v1/stats'>) {
  return queryOptions({
    queryKey: ['stats', query],
    queryFn: ({ signal }) => nullIfMissing(api.get('/v1/stats', { query, signal })),
    staleTime: STATS_FRESH_MS,
    // The chart of the previous filters stays until the next one is there, so nothing jumps.
    placeholderData: keepPreviousData,
    retry: false,
    // Retry after an error, but not if the deployment does not have the endpoint.
    refetchInterval: ({ state }) => (state.data === null ? false : STATS_POLL_MS),
  });
}

const GROUP_LIMIT = 50;

/** The groups of failed runs among which the filters can choose. */
export function failureGroupsQuery(api: ApiClient, filters: RunFilters) {
  const { automationId } = filters;
  const query = { automationId, order: 'count', ...periodQuery(filters) } as const;
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

const MOST_COMPARABLE = 5;

/** The last runs of a run's automation: those that completed, and the others. */
export function comparableRunsQuery(api: ApiClient, run: Pick<Run, 'id' | 'automationId'>) {
  const { id, automationId } = run;
  // The run itself may be one of them.
  const limit = MOST_COMPARABLE + 1;
  return queryOptions({
    queryKey: ['comparable-runs', id, automationId],
    queryFn: async ({ signal }) => {
      const [completed, last] = await Promise.all([
        api.get('/v1/runs', { query: { automationId, status: ['COMPLETED'], limit }, signal }),
        api.get('/v1/runs', { query: { automationId, limit: 2 * limit }, signal }),
      ]);
      const isOther = (each: Run) => each.id !== id;
      return {
        completed: completed.items.filter(isOther).slice(0, MOST_COMPARABLE),
        others: last.items
          .filter((each) => isOther(each) && each.status !== 'COMPLETED')
          .slice(0, MOST_COMPARABLE),
      };
    },
  });
}

/** Ends the waits of a run. */
export function skipWait(api: ApiClient, id: string): Promise<Run> {
  return api.post('/v1/runs/{run_id}/skip-wait', { path: { run_id: id } });
}

/** Ends the waits of every waiting run that matches the filters. Without a key, only counts them. */
export function skipWaits(
  api: ApiClient,
  filter: AskedFilters,
  idempotencyKey: string | null,
): Promise<SkipOutcome> {
  const dryRun = idempotencyKey === null;
  return api.post('/v1/runs/skip-wait', {
    body: { filter: filterDocument(filter), dryRun, idempotencyKey },
  });
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

/** Cancels every open run that matches the filters. Without a key, only counts them. */
export function cancelRuns(
  api: ApiClient,
  filter: AskedFilters,
  reason: string,
  idempotencyKey: string | null,
): Promise<CancelOutcome> {
  const dryRun = idempotencyKey === null;
  return api.post('/v1/runs/cancel', {
    body: { filter: filterDocument(filter), reason, dryRun, idempotencyKey },
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
