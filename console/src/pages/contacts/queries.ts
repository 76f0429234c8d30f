/** The API queries of the contact pages. */

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { Contact, ContactDocument, ContactReplacement, Erasure } from '../../shared/api/types';

const PAGE_SIZE = 50;
const TIMELINE_POLL_MS = 10_000;

/** One page of the list, newest first; with `contact` only the matching one, if any. */
export function fetchContacts(
  api: ApiClient,
  contact: string | null,
  cursor: string | null,
  signal: AbortSignal,
) {
  return api.get('/v1/contacts', { query: { contact, limit: PAGE_SIZE, cursor }, signal });
}

export function contactQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['contact', id],
    queryFn: ({ signal }) =>
      api.get('/v1/contacts/{contact_id}', { path: { contact_id: id }, signal }),
  });
}

/** The consents of a contact and the record of their changes. */
export function consentsQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['contact', id, 'consents'],
    queryFn: ({ signal }) =>
      api.get('/v1/contacts/{contact_id}/consents', { path: { contact_id: id }, signal }),
  });
}

export function timelineQuery(api: ApiClient, id: string) {
  return infiniteQueryOptions({
    queryKey: ['contact', id, 'timeline'],
    queryFn: ({ pageParam, signal }) =>
      api.get('/v1/contacts/{contact_id}/timeline', {
        path: { contact_id: id },
        query: { limit: PAGE_SIZE, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    // A refresh reads every loaded page again, so long timelines are refreshed less often.
    refetchInterval: ({ state }) =>
      state.status === 'error' ? false : TIMELINE_POLL_MS * Math.max(1, state.data?.pages.length ?? 1),
  });
}

export function createContact(api: ApiClient, document: ContactDocument): Promise<Contact> {
  return api.post('/v1/contacts', { body: document });
}

export function replaceContact(
  api: ApiClient,
  id: string,
  document: ContactReplacement,
): Promise<Contact> {
  return api.put('/v1/contacts/{contact_id}', { path: { contact_id: id }, body: document });
}

/** Erases a contact permanently. The reason is kept, so it must not name the person. */
export function eraseContact(api: ApiClient, id: string, reason: string | null): Promise<Erasure> {
  return api.post('/v1/contacts/{contact_id}/erase', {
    path: { contact_id: id },
    body: { reason },
  });
}
