import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Counts } from '../api/types';

const POLL_MS = 10_000;
/** The page's first calls begin before the page is drawn, which must not repeat them. */
const FRESH_MS = 5_000;

/** Counts the rows of a list by status; `key` names the list and its other filters. */
export function countsQuery(
  key: readonly unknown[],
  ask: (signal: AbortSignal) => Promise<Counts>,
) {
  return queryOptions({
    queryKey: ['counts', ...key],
    queryFn: ({ signal }) => ask(signal),
    placeholderData: keepPreviousData,
    staleTime: FRESH_MS,
    // Chips also work without counts, so do not ask a deployment that has none again.
    retry: false,
    refetchInterval: ({ state }) => (state.status === 'error' ? false : POLL_MS),
  });
}
