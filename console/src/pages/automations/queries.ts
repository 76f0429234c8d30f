/** The API queries of the automation pages, and how often they refetch. */

import { queryOptions, type QueryClient } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import { everyPage, nullIfMissing } from '../../shared/api/queries';
import type { Range } from '../../shared/lists/filters';
import type { Automation, Opened, PreviewDocument, RotationDocument, RunDocument } from './types';

/** Statistics over several days may be a minute old. */
const STATISTICS_STALE_MS = 60_000;
const POLL_MS = 15_000;
const MOST_ROWS = 200;
export const STATISTICS_RANGE = '7d' satisfies Range;

/** The path parameters of a call about one automation. */
function one(id: string) {
  return { path: { automation_id: id } };
}

/** While its state machine is being created. */
const ACTIVATION_POLL_MS = 1_000;

export function automationQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id],
    queryFn: ({ signal }) => api.get('/v1/automations/{automation_id}', { ...one(id), signal }),
    refetchInterval: ({ state }) =>
      state.data?.activation?.status === 'PENDING' ? ACTIVATION_POLL_MS : POLL_MS,
  });
}

export function versionsQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id, 'versions'],
    queryFn: async ({ signal }) =>
      (await api.get('/v1/automations/{automation_id}/versions', { ...one(id), signal })).items,
    staleTime: STATISTICS_STALE_MS,
  });
}

/** A version never changes. */
export function versionQuery(api: ApiClient, id: string, version: number) {
  return queryOptions({
    queryKey: ['automation', id, 'version', version],
    queryFn: ({ signal }) =>
      api.get('/v1/automations/{automation_id}/versions/{number}', {
        path: { automation_id: id, number: version },
        signal,
      }),
    staleTime: Infinity,
  });
}

export function firesQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id, 'fires'],
    queryFn: async ({ signal }) => {
      const asked = { ...one(id), query: { limit: 14 }, signal };
      return (await api.get('/v1/automations/{automation_id}/fires', asked)).items;
    },
    refetchInterval: POLL_MS,
  });
}

export function runCountsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'counts'],
    queryFn: ({ signal }) =>
      nullIfMissing(
        api.get('/v1/runs/counts', { query: { automationId, range: STATISTICS_RANGE }, signal }),
      ),
    staleTime: STATISTICS_STALE_MS,
  });
}

/** As many as one call answers. */
const ACTIVITY_BATCH = 50;

/** The automations in groups, each for one `activityQuery`. */
export function activityBatches(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / ACTIVITY_BATCH) }, (_, batch) =>
    ids.slice(batch * ACTIVITY_BATCH, (batch + 1) * ACTIVITY_BATCH),
  );
}

/** Counts the runs of several automations and finds the newest run of each; null if not offered. */
export function activityQuery(api: ApiClient, automationIds: string[]) {
  return queryOptions({
    queryKey: ['automation-activity', automationIds],
    queryFn: async ({ signal }) => {
      const query = { automationId: automationIds, range: STATISTICS_RANGE };
      const found = await nullIfMissing(api.get('/v1/automations/activity', { query, signal }));
      return found?.items ?? null;
    },
    staleTime: STATISTICS_STALE_MS,
  });
}

export function failureGroupsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'failure-groups'],
    queryFn: async ({ signal }) => {
      const query = { automationId, range: STATISTICS_RANGE, limit: 5 };
      const asked = api.get('/v1/failure-groups', { query, signal });
      return (await nullIfMissing(asked))?.items ?? [];
    },
    staleTime: STATISTICS_STALE_MS,
  });
}

/** All items, for a picker. */
export function templateChoicesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['template-choices'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        api.get('/v1/templates', { query: { cursor, limit: MOST_ROWS }, signal }),
      ),
    staleTime: STATISTICS_STALE_MS,
  });
}

/** All items, for a picker. */
export function segmentChoicesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['segment-choices'],
    queryFn: ({ signal }) =>
      everyPage((cursor) =>
        api.get('/v1/segments', { query: { cursor, limit: MOST_ROWS }, signal }),
      ),
    staleTime: STATISTICS_STALE_MS,
  });
}

/** A template rendered for an event; nothing is sent. */
export function previewQuery(api: ApiClient, templateId: string, document: PreviewDocument) {
  return queryOptions({
    queryKey: ['template-preview', templateId, document],
    queryFn: ({ signal }) =>
      api.post('/v1/templates/{template_id}/preview', {
        path: { template_id: templateId },
        body: document,
        signal,
      }),
    staleTime: STATISTICS_STALE_MS,
  });
}

export type StatusChange = 'activate' | 'pause' | 'archive';

export function changeStatus(api: ApiClient, id: string, change: StatusChange): Promise<Automation> {
  return api.post(`/v1/automations/{automation_id}/${change}`, one(id));
}

/** Sets the keys that the document has; without any, the server makes a secret. */
export function rotateSecret(
  api: ApiClient,
  id: string,
  document: RotationDocument,
): Promise<Automation> {
  return api.post('/v1/automations/{automation_id}/rotate-secret', { ...one(id), body: document });
}

/** The senders whose rules are known. */
export function sourcePresetsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['source-presets'],
    queryFn: async ({ signal }) => (await api.get('/v1/source-presets', { signal })).items,
    staleTime: Infinity,
  });
}

/** Holds the runs that are opened from now on. */
export function holdAutomation(api: ApiClient, id: string, reason: string): Promise<Automation> {
  return api.post('/v1/automations/{automation_id}/hold', {
    ...one(id),
    body: reason === '' ? {} : { reason },
  });
}

/** Starts the held runs, so many per minute. */
export function releaseAutomation(
  api: ApiClient,
  id: string,
  ratePerMinute: number,
): Promise<Automation> {
  return api.post('/v1/automations/{automation_id}/release', {
    ...one(id),
    body: { ratePerMinute },
  });
}

export function openRun(api: ApiClient, id: string, document: RunDocument): Promise<Opened> {
  return api.post('/v1/automations/{automation_id}/runs', { ...one(id), body: document });
}

/** Stores the answer to a change as the current automation, and refetches the lists. */
export function rememberAutomation(queries: QueryClient, automation: Automation): void {
  queries.setQueryData(['automation', automation.id], automation);
  void queries.invalidateQueries({ queryKey: ['automations'] });
  void queries.invalidateQueries({ queryKey: ['automation', automation.id, 'versions'] });
}
