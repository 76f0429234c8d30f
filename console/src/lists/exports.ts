/** Files of a list's rows, made in the background. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient, Parameters } from '../api/client';
import type { Export, ExportedList, ExportFormat } from '../api/types';

const POLL_MS = 1_500;

export const FORMATS = ['CSV', 'JSONL'] as const satisfies ExportFormat[];
/** Filters that take one or several values. */
const SEVERAL = new Set(['status', 'reason', 'triggerType']);

export interface ExportRequest {
  list: ExportedList;
  format: ExportFormat;
  filter: Parameters;
}

/** A list's filters as a document: what is set, and what can be several as several. */
export function filterDocument(filter: Parameters): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(filter)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, SEVERAL.has(name) ? [value] : value]),
  );
}

export function requestExport(api: ApiClient, request: ExportRequest): Promise<Export> {
  return api.send('POST', '/v1/exports', { ...request, filter: filterDocument(request.filter) });
}

export function isDone({ status }: Export): boolean {
  return status === 'COMPLETED' || status === 'FAILED';
}

export function exportQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['export', id],
    queryFn: ({ signal }) => api.get<Export>(`/v1/exports/${encodeURIComponent(id)}`, {}, signal),
    refetchInterval: ({ state }) => (state.data && isDone(state.data) ? false : POLL_MS),
  });
}
