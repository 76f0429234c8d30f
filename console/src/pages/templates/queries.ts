/** The API queries of the template pages. */

import { keepPreviousData, queryOptions, skipToken } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { Template, TemplateDocument, TemplateReplacement, TestSent } from '../../shared/api/types';
import type { PreviewRequest, TestRequest } from './preview';

const PAGE_SIZE = 50;

/** One page of the list, newest first. */
export function fetchTemplates(api: ApiClient, cursor: string | null, signal: AbortSignal) {
  return api.get('/v1/templates', { query: { limit: PAGE_SIZE, cursor }, signal });
}

export function templateQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['template', id],
    queryFn: ({ signal }) =>
      api.get('/v1/templates/{template_id}', { path: { template_id: id }, signal }),
  });
}

/** Renders the draft; does nothing for null. */
export function previewQuery(api: ApiClient, request: PreviewRequest | null) {
  return queryOptions({
    queryKey: ['template-preview', request],
    queryFn: request === null ? skipToken : () => api.post('/v1/templates/preview', { body: request }),
    // Keep the last preview, so that it does not flicker while typing.
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

export function createTemplate(api: ApiClient, document: TemplateDocument): Promise<Template> {
  return api.post('/v1/templates', { body: document });
}

export function replaceTemplate(
  api: ApiClient,
  id: string,
  document: TemplateReplacement,
): Promise<Template> {
  return api.put('/v1/templates/{template_id}', { path: { template_id: id }, body: document });
}

export interface TestSending extends TestRequest {
  /** Repeated calls with the same key send one test. */
  idempotencyKey: string;
}

export function sendTest(api: ApiClient, id: string, body: TestSending): Promise<TestSent> {
  return api.post('/v1/templates/{template_id}/test', { path: { template_id: id }, body });
}
