/** What the contact pages ask of the API. */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Contact, ContactDocument, Erasure, Page, TimelineItem } from '../api/types';

const PAGE_SIZE = 50;
const TIMELINE_POLL_MS = 10_000;

function path(id: string): string {
  return `/v1/contacts/${encodeURIComponent(id)}`;
}

/** One page of the list, newest first; with `contact` the one that is meant, or nobody. */
export function fetchContacts(
  api: ApiClient,
  contact: string | null,
  cursor: string | null,
  signal: AbortSignal,
) {
  return api.get<Page<Contact>>('/v1/contacts', { contact, limit: PAGE_SIZE, cursor }, signal);
}

export function contactQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['contact', id],
    queryFn: ({ signal }) => api.get<Contact>(path(id), {}, signal),
  });
}

export function timelineQuery(api: ApiClient, id: string) {
  return infiniteQueryOptions({
    queryKey: ['contact', id, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<TimelineItem>>(
        `${path(id)}/timeline`,
        { limit: PAGE_SIZE, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    // Every loaded page is asked for anew, so long timelines are refreshed less often.
    refetchInterval: ({ state }) =>
      state.status === 'error' ? false : TIMELINE_POLL_MS * Math.max(1, state.data?.pages.length ?? 1),
  });
}

export function createContact(api: ApiClient, document: ContactDocument): Promise<Contact> {
  return api.send('POST', '/v1/contacts', document);
}

export function replaceContact(
  api: ApiClient,
  id: string,
  document: ContactDocument,
): Promise<Contact> {
  return api.send('PUT', path(id), document);
}

/** For good. The reason stays on record, so it must not name the person. */
export function eraseContact(api: ApiClient, id: string, reason: string | null): Promise<Erasure> {
  return api.send('POST', `${path(id)}/erase`, { reason });
}
