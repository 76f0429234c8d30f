/** What the pages ask of the API, and how often they ask again. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from './client';
import type { AutomationSummary, Me, Page, Run, RunDetail } from './types';

const PAGE_SIZE = 50;
const OPEN_RUN_POLL_MS = 2_000;
/** A workspace has tens of automations; the bound only keeps a wrong cursor from looping. */
const MAX_AUTOMATION_PAGES = 20;

export function meQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['me'],
    queryFn: ({ signal }) => api.get<Me>('/v1/me', {}, signal),
    staleTime: 300_000,
  });
}

/** One page of a list, newest first. */
export function fetchRuns(
  api: ApiClient,
  filters: Parameters,
  cursor: string | null,
  signal: AbortSignal,
) {
  return api.get<Page<Run>>('/v1/runs', { ...filters, limit: PAGE_SIZE, cursor }, signal);
}

function isOpen(run: Run): boolean {
  return run.status === 'PENDING' || run.status === 'RUNNING';
}

export function runQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => api.get<RunDetail>(`/v1/runs/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state }) => (state.data && !isOpen(state.data) ? false : OPEN_RUN_POLL_MS),
  });
}

export function automationsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['automations'],
    queryFn: async ({ signal }) => {
      const found: AutomationSummary[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < MAX_AUTOMATION_PAGES; page += 1) {
        const answer: Page<AutomationSummary> = await api.get(
          '/v1/automations',
          { cursor },
          signal,
        );
        found.push(...answer.items);
        cursor = answer.nextCursor;
        if (cursor === null) break;
      }
      return found;
    },
    staleTime: 60_000,
  });
}
