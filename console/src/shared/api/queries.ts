/** The API queries of several pages, and how often they refetch. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from './client';
import { ApiError } from './problem';
import type { Page, Run } from './types';

const OPEN_RUN_POLL_MS = 2_000;
/** Lists that are read whole have tens of rows; the limit stops a loop with a wrong cursor. */
const MAX_PAGES = 20;

/** Reads every row of a list, page by page. */
export async function everyPage<Item>(
  askForPage: (cursor: string | null) => Promise<Page<Item>>,
): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer: Page<Item> = await askForPage(cursor);
    found.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

/** Null if the deployment does not have this endpoint: it answers 404. */
export async function nullIfMissing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function meQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['me'],
    queryFn: ({ signal }) => api.get('/v1/me', { signal }),
    staleTime: 300_000,
  });
}

/** Whether the run may still change. */
export function isOpenRun({ status }: Pick<Run, 'status'>): boolean {
  return status === 'PENDING' || status === 'RUNNING';
}

export function runQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['run', id],
    queryFn: ({ signal }) => api.get('/v1/runs/{run_id}', { path: { run_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data && !isOpenRun(state.data) ? false : OPEN_RUN_POLL_MS),
  });
}

export function automationsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['automations'],
    queryFn: ({ signal }) =>
      everyPage((cursor) => api.get('/v1/automations', { query: { cursor }, signal })),
    staleTime: 60_000,
  });
}
