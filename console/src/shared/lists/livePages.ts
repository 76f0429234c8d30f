/** Keeping a list that is being read up to date without moving it. */

import type { Page } from '../api/types';

/** Newest first by this key: the moment and the id, as the API sorts. */
export type KeyOf<Item> = (item: Item) => string;

export interface LivePage<Item> extends Page<Item> {
  /** Of the first page: rows with a greater key were not there when the list was shown. */
  anchor: string;
}

export interface Merged<Item> {
  items: Item[];
  /** Rows that are newer than everything shown. */
  fresh: Item[];
}

/**
 * The first page as it is shown, told anew by a later answer to the same question. A row that the
 * answer should hold and does not has left the list; rows behind the answer's end stay as they are.
 */
export function mergeHead<Item>(
  shown: LivePage<Item>,
  answer: Page<Item>,
  keyOf: KeyOf<Item>,
): Merged<Item> {
  // Nothing is being read that could be moved.
  if (shown.anchor === '') return { items: answer.items, fresh: [] };
  const isFresh = (item: Item) => keyOf(item) > shown.anchor;
  const last = answer.items.at(-1);
  // An answer that ends the list speaks for all of it.
  const behind =
    answer.nextCursor === null || last === undefined
      ? []
      : shown.items.filter((item) => keyOf(item) < keyOf(last));
  return {
    items: [...answer.items.filter((item) => !isFresh(item)), ...behind],
    fresh: answer.items.filter(isFresh),
  };
}

export function anchorOf<Item>(items: readonly Item[], keyOf: KeyOf<Item>): string {
  return items[0] === undefined ? '' : keyOf(items[0]);
}

/** Rows of several pages, each once: a row can be listed by two pages that were asked for apart. */
export function uniqueRows<Item>(pages: readonly Page<Item>[], keyOf: KeyOf<Item>): Item[] {
  const rows = pages.flatMap(({ items }) => items);
  return [...new Map(rows.map((item) => [keyOf(item), item])).values()];
}

/** The next page after the first, in turn, that holds a row which may still change. */
export function nextOpenPage<Item>(
  pages: readonly Page<Item>[],
  isOpen: (item: Item) => boolean,
  after: number,
): number | null {
  const later = pages.map((_, index) => index).slice(1);
  const inTurn = [
    ...later.filter((index) => index > after),
    ...later.filter((index) => index <= after),
  ];
  return inTurn.find((index) => pages[index]?.items.some(isOpen)) ?? null;
}
