/** Exports of a list's rows, made in the background. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Export, ExportedList, ExportFormat, FilterDocument } from '../api/types';

const POLL_MS = 1_500;

export const FORMATS = ['CSV', 'JSONL'] as const satisfies ExportFormat[];
/** A list's filters as its `toQuery` returns them. */
export type AskedFilters = { [Name in keyof FilterDocument]?: FilterDocument[Name] | null };

export interface ExportRequest {
  list: ExportedList;
  format: ExportFormat;
  filter: AskedFilters;
  /** A request that is repeated with its key makes one file. */
  idempotencyKey: string;
}

/** A list's filters as a document: filters with several values are lists, empty if not set. */
export function filterDocument(filter: AskedFilters): FilterDocument {
  const { status, reason, triggerType, health, ...others } = filter;
  return {
    ...others,
    status: status ?? [],
    reason: reason ?? [],
    triggerType: triggerType ?? [],
    health: health ?? [],
  };
}

export function requestExport(api: ApiClient, request: ExportRequest): Promise<Export> {
  return api.post('/v1/exports', {
    body: { ...request, filter: filterDocument(request.filter) },
  });
}

export function isDone({ status }: Export): boolean {
  return status === 'COMPLETED' || status === 'FAILED';
}

export function exportQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['export', id],
    queryFn: ({ signal }) =>
      api.get('/v1/exports/{export_id}', { path: { export_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data && isDone(state.data) ? false : POLL_MS),
  });
}
