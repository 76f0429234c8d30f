/** Updates a list while someone reads it, without moving its rows. */

import type { Page } from '../api/types';

/** Returns a row's sort key, time and id: a greater key is newer, as the API sorts. */
export type KeyOf<Item> = (item: Item) => string;

export interface LivePage<Item> extends Page<Item> {
  /** The greatest key of the first page when it was shown; rows above it are newer. */
  anchor: string;
}

export interface Merged<Item> {
  items: Item[];
  /** Rows that are newer than every row shown. */
  fresh: Item[];
}

/**
 * Updates the shown first page with a later answer to the same request. A row that the answer
 * should contain but does not has left the list; rows after the answer's end stay unchanged.
 */
export function mergeHead<Item>(
  shown: LivePage<Item>,
  answer: Page<Item>,
  keyOf: KeyOf<Item>,
): Merged<Item> {
  // The list is empty, so no row can move.
  if (shown.anchor === '') return { items: answer.items, fresh: [] };
  const isFresh = (item: Item) => keyOf(item) > shown.anchor;
  const last = answer.items.at(-1);
  // An answer without a next page is the whole list.
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

/** Rows of several pages, each once: pages that were read at different times can overlap. */
export function uniqueRows<Item>(pages: readonly Page<Item>[], keyOf: KeyOf<Item>): Item[] {
  const rows = pages.flatMap(({ items }) => items);
  return [...new Map(rows.map((item) => [keyOf(item), item])).values()];
}

/** The next later page, in turn, with a row that may still change. */
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
