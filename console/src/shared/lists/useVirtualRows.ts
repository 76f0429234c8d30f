import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useState } from 'react';

/** Shorter lists are drawn whole, so the browser can search them and no row must be measured. */
const DRAWN_WHOLE = 60;
const ROW_HEIGHT = 48;
const OVERSCAN = 12;

export interface VirtualRows {
  /** Positions of the rows to draw. */
  indexes: number[];
  /** The heights above and below these rows, in pixels. */
  above: number;
  below: number;
  /** A ref for each drawn row, which has its position in `data-index`. */
  measure: ((element: Element | null) => void) | undefined;
}

/** Returns which of many rows are near the visible part of the page. */
export function useVirtualRows(
  table: RefObject<HTMLElement | null>,
  keys: readonly string[],
): VirtualRows {
  const isLong = keys.length > DRAWN_WHOLE;
  const [top, setTop] = useState(0);
  useEffect(() => {
    if (!isLong) return;
    // The content above the table can change its height, and so the document's.
    const observer = new ResizeObserver(() => {
      const box = table.current?.getBoundingClientRect();
      if (box) setTop(Math.round(box.top + window.scrollY));
    });
    observer.observe(document.body);
    return () => {
      observer.disconnect();
    };
  }, [table, isLong]);

  const virtualizer = useWindowVirtualizer<HTMLElement>({
    count: keys.length,
    enabled: isLong,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => keys[index] ?? index,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  if (!isLong) {
    return { indexes: keys.map((_, index) => index), above: 0, below: 0, measure: undefined };
  }
  const rows = virtualizer.getVirtualItems();
  const first = rows[0];
  const last = rows.at(-1);
  return {
    indexes: rows.map(({ index }) => index),
    above: first ? first.start - top : 0,
    below: last ? virtualizer.getTotalSize() - (last.end - top) : 0,
    measure: virtualizer.measureElement as (element: Element | null) => void,
  };
}
