/** What the automation pages ask of the API, and how often they ask again. */

import { queryOptions, type QueryClient } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import { ApiError } from '../api/problem';
import type { Counts, FailureGroup, Page, Run, Segment, Template } from '../api/types';
import type {
  Automation,
  Fire,
  Opened,
  RunDocument,
  Version,
  VersionSummary,
} from './types';

/** What is told of the last days need not be of this second. */
const FIGURES_STALE_MS = 60_000;
const POLL_MS = 15_000;
const MAX_PAGES = 20;
export const FIGURES_RANGE = '7d';

function path(id: string, rest = ''): string {
  return `/v1/automations/${encodeURIComponent(id)}${rest}`;
}

export function automationQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id],
    queryFn: ({ signal }) => api.get<Automation>(path(id), {}, signal),
    refetchInterval: POLL_MS,
  });
}

export function versionsQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id, 'versions'],
    queryFn: async ({ signal }) =>
      (await api.get<Page<VersionSummary>>(path(id, '/versions'), {}, signal)).items,
    staleTime: FIGURES_STALE_MS,
  });
}

/** A version never changes. */
export function versionQuery(api: ApiClient, id: string, version: number) {
  return queryOptions({
    queryKey: ['automation', id, 'version', version],
    queryFn: ({ signal }) => api.get<Version>(path(id, `/versions/${version}`), {}, signal),
    staleTime: Infinity,
  });
}

export function firesQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['automation', id, 'fires'],
    queryFn: async ({ signal }) =>
      (await api.get<Page<Fire>>(path(id, '/fires'), { limit: 14 }, signal)).items,
    refetchInterval: POLL_MS,
  });
}

/** A deployment that does not count says so by 404: then nothing is known, and that is no error. */
async function orNothing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export function runCountsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'counts'],
    queryFn: ({ signal }) =>
      orNothing(
        api.get<Counts>('/v1/runs/counts', { automationId, range: FIGURES_RANGE }, signal),
      ),
    staleTime: FIGURES_STALE_MS,
  });
}

export function lastRunQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'last-run'],
    queryFn: async ({ signal }) => {
      const { items } = await api.get<Page<Run>>('/v1/runs', { automationId, limit: 1 }, signal);
      return items[0] ?? null;
    },
    staleTime: FIGURES_STALE_MS,
  });
}

export function failureGroupsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'failure-groups'],
    queryFn: async ({ signal }) => {
      const parameters = { automationId, range: FIGURES_RANGE, limit: 5 };
      const asked = api.get<Page<FailureGroup>>('/v1/failure-groups', parameters, signal);
      return (await orNothing(asked))?.items ?? [];
    },
    staleTime: FIGURES_STALE_MS,
  });
}

async function everyPage<Item>(
  api: ApiClient,
  listPath: string,
  signal: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer: Page<Item> = await api.get(listPath, { cursor, limit: 200 }, signal);
    found.push(...answer.items);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

/** All of them, to choose from. */
export function templateChoicesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['template-choices'],
    queryFn: ({ signal }) => everyPage<Template>(api, '/v1/templates', signal),
    staleTime: FIGURES_STALE_MS,
  });
}

/** All of them, to choose from. */
export function segmentChoicesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['segment-choices'],
    queryFn: ({ signal }) => everyPage<Segment>(api, '/v1/segments', signal),
    staleTime: FIGURES_STALE_MS,
  });
}

export type Change = 'activate' | 'pause' | 'archive';

export function changeStatus(api: ApiClient, id: string, change: Change): Promise<Automation> {
  return api.send('POST', path(id, `/${change}`));
}

export function rotateSecret(
  api: ApiClient,
  id: string,
  overlapMinutes: number,
): Promise<Automation> {
  return api.send('POST', path(id, '/rotate-secret'), { overlapMinutes });
}

export function openRun(api: ApiClient, id: string, document: RunDocument): Promise<Opened> {
  return api.send('POST', path(id, '/runs'), document);
}

/** What was answered to a change is the automation as it is now; the lists are told anew. */
export function rememberAutomation(queries: QueryClient, automation: Automation): void {
  queries.setQueryData(['automation', automation.id], automation);
  void queries.invalidateQueries({ queryKey: ['automations'] });
  void queries.invalidateQueries({ queryKey: ['automation', automation.id, 'versions'] });
}
