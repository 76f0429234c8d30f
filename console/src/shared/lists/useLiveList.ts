import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { ApiError } from '../api/problem';
import type { Page } from '../api/types';
import { anchorOf, type LivePage, mergeHead, nextOpenPage, uniqueRows } from './livePages';

const POLL_MS = 4_000;
/** What was left is found again as it was, for this long. */
const KEPT_MS = 10 * 60_000;

/** What every row of a live list has. */
interface Listed {
  id: string;
  /** ISO 8601 in UTC. */
  createdAt: string;
}

/** As the API sorts: greater is newer. */
function keyOf({ createdAt, id }: Listed): string {
  return `${createdAt} ${id}`;
}

interface Options<Item> {
  /** Names the list and its filters: `['runs', filters]`. */
  queryKey: readonly unknown[];
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  /** Whether the row may still change; such rows are told anew while they are shown. */
  isOpen: (item: Item) => boolean;
}

export interface LiveList<Item> {
  items: Item[];
  /** Null while the first answer is awaited and after the first request failed. */
  isLoaded: boolean;
  /** The rows are those of the filters before. */
  isOld: boolean;
  error: Error | null;
  retry: () => void;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  /** How many rows came since; `hasGap` where there may be more of them than were counted. */
  newCount: number;
  hasGap: boolean;
  showNew: () => void;
}

type Data<Item> = InfiniteData<LivePage<Item>, string | null>;

/** Cursors are good for a day. */
function isRefusedCursor(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 422);
}

interface Head<Item> {
  fresh: Item[];
  hasGap: boolean;
  refreshedPage: number;
}

/**
 * An endless list that stays as it is while it is read. Every few seconds its first page is asked
 * for again: changed rows change in place, newer ones are counted until `showNew`. One further
 * page with open rows is read again each time, so a poll costs two requests however much is loaded.
 */
export function useLiveList<Item extends Listed>(options: Options<Item>): LiveList<Item> {
  const { queryKey, fetchPage, isOpen } = options;
  const queries = useQueryClient();
  const listKey = [...queryKey, 'list'];
  const headKey = [...queryKey, 'head'];

  const list = useInfiniteQuery({
    queryKey: listKey,
    queryFn: async ({ pageParam, signal }): Promise<LivePage<Item>> => {
      const page = await fetchPage(pageParam, signal);
      return { ...page, anchor: anchorOf(page.items, keyOf) };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: KEPT_MS,
  });

  function changePage(index: number, change: (page: LivePage<Item>) => LivePage<Item>) {
    queries.setQueryData<Data<Item>>(listKey, (data) =>
      data && {
        ...data,
        pages: data.pages.map((page, at) => (at === index ? change(page) : page)),
      },
    );
  }

  const head = useQuery({
    queryKey: headKey,
    queryFn: async ({ signal }): Promise<Head<Item>> => {
      const answer = await fetchPage(null, signal);
      const before = queries.getQueryData<Head<Item>>(headKey)?.refreshedPage ?? 0;
      const data = queries.getQueryData<Data<Item>>(listKey);
      const shown = data?.pages[0];
      if (!data || !shown) return { fresh: [], hasGap: false, refreshedPage: before };
      const { items, fresh } = mergeHead(shown, answer, keyOf);
      changePage(0, (page) => ({
        items,
        nextCursor: page.nextCursor ?? answer.nextCursor,
        anchor: page.anchor === '' ? anchorOf(items, keyOf) : page.anchor,
      }));
      const open = nextOpenPage(data.pages, isOpen, before);
      if (open !== null) {
        try {
          const page = await fetchPage(data.pageParams[open] ?? null, signal);
          changePage(open, ({ anchor }) => ({ ...page, anchor }));
        } catch (error) {
          if (!isRefusedCursor(error)) throw error;
          // Left open for a day: the list begins again.
          void queries.resetQueries({ queryKey: listKey });
        }
      }
      const hasGap = fresh.length === answer.items.length && answer.nextCursor !== null;
      return { fresh, hasGap: hasGap && fresh.length > 0, refreshedPage: open ?? before };
    },
    enabled: list.isSuccess && !list.isPlaceholderData,
    // What the list itself has just asked for needs no second asking.
    initialData: { fresh: [], hasGap: false, refreshedPage: 0 },
    initialDataUpdatedAt: () => Date.now(),
    staleTime: POLL_MS / 2,
    gcTime: KEPT_MS,
    refetchInterval: POLL_MS,
  });

  function retry() {
    // Asking anew would load every page again, and not the one that is missing.
    if (list.isFetchNextPageError) void list.fetchNextPage();
    else void (list.error ? list.refetch() : head.refetch());
  }

  const { fresh, hasGap } = head.data;
  return {
    items: uniqueRows(list.data?.pages ?? [], keyOf),
    isLoaded: list.data !== undefined,
    isOld: list.isPlaceholderData,
    error: list.error ?? head.error,
    retry,
    hasMore: list.hasNextPage,
    isLoadingMore: list.isFetchingNextPage,
    loadMore: () => {
      if (!list.isFetchingNextPage) void list.fetchNextPage({ cancelRefetch: false });
    },
    newCount: fresh.length,
    hasGap,
    showNew() {
      queries.setQueryData<Head<Item>>(headKey, (data) => data && { ...data, fresh: [] });
      if (hasGap) {
        void queries.resetQueries({ queryKey: listKey });
        return;
      }
      changePage(0, (page) => ({
        ...page,
        items: [...fresh, ...page.items],
        anchor: anchorOf(fresh, keyOf),
      }));
    },
  };
}
