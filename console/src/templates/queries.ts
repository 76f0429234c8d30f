/** What the template pages ask of the API. */

import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Page, Preview, Template, TemplateDocument } from '../api/types';
import type { PreviewRequest } from './preview';

const PAGE_SIZE = 50;

function path(id: string): string {
  return `/v1/templates/${encodeURIComponent(id)}`;
}

/** One page of the list, newest first. */
export function fetchTemplates(api: ApiClient, cursor: string | null, signal: AbortSignal) {
  return api.get<Page<Template>>('/v1/templates', { limit: PAGE_SIZE, cursor }, signal);
}

export function templateQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['template', id],
    queryFn: ({ signal }) => api.get<Template>(path(id), {}, signal),
  });
}

/** What the draft would say; null asks nothing. */
export function previewQuery(api: ApiClient, request: PreviewRequest | null) {
  return queryOptions({
    queryKey: ['template-preview', request],
    queryFn: () => api.send<Preview>('POST', '/v1/templates/preview', request),
    enabled: request !== null,
    // What is read does not blink with every letter.
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

export function createTemplate(api: ApiClient, document: TemplateDocument): Promise<Template> {
  return api.send('POST', '/v1/templates', document);
}

export function replaceTemplate(
  api: ApiClient,
  id: string,
  document: TemplateDocument,
): Promise<Template> {
  return api.send('PUT', path(id), document);
}
