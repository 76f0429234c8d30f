/** Saved views: the filters of a list under a name. */

import { queryOptions, type QueryClient } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { SavedView, SavedViewDocument, SavedViewReplacement, ViewFilter, ViewList } from '../api/types';

/** A list's filters as its `toQuery` returns them; null and absent ones are not set. */
export type AskedView = { [Name in keyof ViewFilter]?: ViewFilter[Name] | null };

/** The filters as a document: filters with several values are lists, empty if not set. */
export function viewFilter(asked: AskedView): ViewFilter {
  const { status, reason, triggerType, health, search, ...others } = asked;
  return {
    ...others,
    // The API refuses empty text.
    search: search === '' ? null : (search ?? null),
    status: status ?? [],
    reason: reason ?? [],
    triggerType: triggerType ?? [],
    health: health ?? [],
  };
}

/** The caller's own views of a list and the shared ones, by name. */
export function viewsQuery(api: ApiClient, list: ViewList) {
  return queryOptions({
    queryKey: ['views', list],
    queryFn: async ({ signal }) => {
      const { items } = await api.get('/v1/views', { query: { list }, signal });
      return items;
    },
    staleTime: 60_000,
  });
}

export function saveView(api: ApiClient, document: SavedViewDocument): Promise<SavedView> {
  return api.post('/v1/views', { body: document });
}

/** Replaces a view. A later change by somebody else is kept (409). */
export function replaceView(
  api: ApiClient,
  id: string,
  document: SavedViewReplacement,
): Promise<SavedView> {
  return api.put('/v1/views/{view_id}', { path: { view_id: id }, body: document });
}

export function deleteView(api: ApiClient, id: string): Promise<unknown> {
  return api.delete('/v1/views/{view_id}', { path: { view_id: id } });
}

/** Makes a view the default of its list, or ends that. */
export function chooseDefault(api: ApiClient, { id, isDefault }: SavedView): Promise<SavedView> {
  const path = { view_id: id };
  return isDefault
    ? api.delete('/v1/views/{view_id}/default', { path })
    : api.put('/v1/views/{view_id}/default', { path });
}

export function forgetViews(queries: QueryClient, list: ViewList): Promise<void> {
  return queries.invalidateQueries({ queryKey: ['views', list] });
}
