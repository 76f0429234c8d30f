import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Counts } from '../api/types';

const POLL_MS = 10_000;

/** How many rows of a list have each status; `key` names the list and its other filters. */
export function countsQuery(
  key: readonly unknown[],
  ask: (signal: AbortSignal) => Promise<Counts>,
) {
  return queryOptions({
    queryKey: ['counts', ...key],
    queryFn: ({ signal }) => ask(signal),
    placeholderData: keepPreviousData,
    // Chips without figures still filter: a deployment that does not count is not asked again.
    retry: false,
    refetchInterval: ({ state }) => (state.status === 'error' ? false : POLL_MS),
  });
}
