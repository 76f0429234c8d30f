/** The API queries of the segment pages. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { Segment, SegmentDocument, SegmentReplacement } from '../../shared/api/types';

const PAGE_SIZE = 50;

/** One page of the list, newest first. */
export function fetchSegments(api: ApiClient, cursor: string | null, signal: AbortSignal) {
  return api.get('/v1/segments', { query: { limit: PAGE_SIZE, cursor }, signal });
}

export function segmentQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['segment', id],
    queryFn: ({ signal }) =>
      api.get('/v1/segments/{segment_id}', { path: { segment_id: id }, signal }),
  });
}

/** The matching contacts of a saved segment: their number, and the first ones. */
export function segmentMembersQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['segment', id, 'preview'],
    queryFn: ({ signal }) =>
      api.get('/v1/segments/{segment_id}/preview', { path: { segment_id: id }, signal }),
  });
}

export function createSegment(api: ApiClient, document: SegmentDocument): Promise<Segment> {
  return api.post('/v1/segments', { body: document });
}

export function replaceSegment(
  api: ApiClient,
  id: string,
  document: SegmentReplacement,
): Promise<Segment> {
  return api.put('/v1/segments/{segment_id}', { path: { segment_id: id }, body: document });
}
