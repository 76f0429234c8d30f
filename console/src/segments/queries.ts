/** What the segment pages ask of the API. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Page, Segment, SegmentDocument, SegmentPreview } from '../api/types';

const PAGE_SIZE = 50;

function path(id: string): string {
  return `/v1/segments/${encodeURIComponent(id)}`;
}

/** One page of the list, newest first. */
export function fetchSegments(api: ApiClient, cursor: string | null, signal: AbortSignal) {
  return api.get<Page<Segment>>('/v1/segments', { limit: PAGE_SIZE, cursor }, signal);
}

export function segmentQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['segment', id],
    queryFn: ({ signal }) => api.get<Segment>(path(id), {}, signal),
  });
}

/** Who belongs to it now: some of them, and how many. */
export function belongingQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['segment', id, 'preview'],
    queryFn: ({ signal }) => api.get<SegmentPreview>(`${path(id)}/preview`, {}, signal),
  });
}

export function createSegment(api: ApiClient, document: SegmentDocument): Promise<Segment> {
  return api.send('POST', '/v1/segments', document);
}

export function replaceSegment(
  api: ApiClient,
  id: string,
  document: SegmentDocument,
): Promise<Segment> {
  return api.send('PUT', path(id), document);
}
