import {
  type InfiniteData,
  infiniteQueryOptions,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { ApiError } from '../api/problem';
import type { Page } from '../api/types';
import { anchorOf, type LivePage, mergeHead, nextOpenPage, uniqueRows } from './livePages';

const POLL_MS = 4_000;
/** How long a list that was left is kept, so that it returns unchanged. */
const KEPT_MS = 10 * 60_000;

/** The fields of every row of a live list. */
interface Listed {
  id: string;
  /** ISO 8601 in UTC. */
  createdAt: string;
}

/** The API's sort key: greater is newer. */
function newestFirst({ createdAt, id }: Listed): string {
  return `${createdAt} ${id}`;
}

/** Greater is older: each character is replaced by one that sorts the other way round. */
function oldestFirst(row: Listed): string {
  return newestFirst(row).replace(/[^]/g, (one) => String.fromCharCode(0x7f - one.charCodeAt(0)));
}

interface Options<Item> {
  /** Names the list and its filters: `['runs', filters]`. */
  queryKey: readonly unknown[];
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  /** Whether the row may still change; such rows are refetched while they are shown. */
  isOpen: (item: Item) => boolean;
  /** Newest first if absent. */
  order?: 'newest' | 'oldest';
}

export interface LiveList<Item> {
  items: Item[];
  /** Null until the first answer, and if the first request failed. */
  isLoaded: boolean;
  /** Whether the rows are those of the previous filters. */
  isOld: boolean;
  error: Error | null;
  retry: () => void;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  /** How many rows are new; `hasGap` if there may be more than were counted. */
  newCount: number;
  hasGap: boolean;
  showNew: () => void;
}

type Data<Item> = InfiniteData<LivePage<Item>, string | null>;

/** Cursors expire after a day. */
function isRefusedCursor(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 400 || error.status === 422);
}

interface Head<Item> {
  fresh: Item[];
  hasGap: boolean;
  refreshedPage: number;
}

function keyOfRows(order: Options<never>['order']) {
  return order === 'oldest' ? oldestFirst : newestFirst;
}

/** The list's own query, for a page that begins it before it is drawn. */
export function liveListQuery<Item extends Listed>(options: Omit<Options<Item>, 'isOpen'>) {
  const { queryKey, fetchPage, order } = options;
  return infiniteQueryOptions({
    queryKey: [...queryKey, 'list'],
    queryFn: async ({ pageParam, signal }): Promise<LivePage<Item>> => {
      const page = await fetchPage(pageParam, signal);
      return { ...page, anchor: anchorOf(page.items, keyOfRows(order)) };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    staleTime: Infinity,
    gcTime: KEPT_MS,
  });
}

/**
 * An endless list whose rows do not move while someone reads it. Every few seconds it refetches the
 * first page: changed rows change in place, newer rows are counted until `showNew`. Each poll also
 * refetches one later page with open rows, so it costs two requests, no matter how many pages are
 * loaded.
 */
export function useLiveList<Item extends Listed>(options: Options<Item>): LiveList<Item> {
  const { queryKey, fetchPage, isOpen, order } = options;
  const keyOf = keyOfRows(order);
  const queries = useQueryClient();
  const ofList = liveListQuery(options);
  const listKey = ofList.queryKey;
  const headKey = [...queryKey, 'head'];

  const list = useInfiniteQuery({ ...ofList, placeholderData: keepPreviousData });

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
          // The cursor expired, as the list was open for a day: start again.
          void queries.resetQueries({ queryKey: listKey });
        }
      }
      const hasGap = fresh.length === answer.items.length && answer.nextCursor !== null;
      return { fresh, hasGap: hasGap && fresh.length > 0, refreshedPage: open ?? before };
    },
    enabled: list.isSuccess && !list.isPlaceholderData,
    // The list fetched this itself just now.
    initialData: { fresh: [], hasGap: false, refreshedPage: 0 },
    initialDataUpdatedAt: Date.now,
    staleTime: POLL_MS / 2,
    gcTime: KEPT_MS,
    refetchInterval: POLL_MS,
  });

  function retry() {
    // A refetch would load every page again, instead of the missing one.
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
