/** The API query of the page of exports. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import { everyPage } from '../../shared/api/queries';
import { isDone } from '../../shared/lists/exports';

const POLL_MS = 3_000;
/** A link to a file works for a few minutes, so the list is fetched again before. */
const LINK_POLL_MS = 120_000;
const MOST_ROWS = 200;

/** The exports of the workspace, newest first. */
export function exportsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['exports'],
    queryFn: ({ signal }) =>
      everyPage((cursor) => api.get('/v1/exports', { query: { cursor, limit: MOST_ROWS }, signal })),
    refetchInterval: ({ state }) =>
      (state.data ?? []).every(isDone) ? LINK_POLL_MS : POLL_MS,
  });
}
