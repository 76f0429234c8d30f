/** The rows of the list on a page, for the keyboard and for the link that skips to the first one. */

import { useEffect, useSyncExternalStore } from 'react';

/** Rows of a table, and items of a short list that lead to a page. */
const ROWS = 'main [data-row], main [data-item]:has(a[href])';
/** The steps of a run, on a page without rows. */
const STEPS = 'main li[data-step]';
const TOGGLE = '[aria-expanded]';

const lists = new Set<symbol>();
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

/** Says that the page has a list with rows, while the component is shown. */
export function useRows(hasRows: boolean): void {
  useEffect(() => {
    if (!hasRows) return undefined;
    const list = Symbol('list');
    lists.add(list);
    tell();
    return () => {
      lists.delete(list);
      tell();
    };
  }, [hasRows]);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the page shows a list with rows. */
export function useHasRows(): boolean {
  return useSyncExternalStore(subscribe, () => lists.size > 0);
}

function allRows(): HTMLElement[] {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  return rows.length > 0 ? rows : [...document.querySelectorAll<HTMLElement>(STEPS)];
}

/** The link to the row's page; a step has only the button that expands it. */
function openerOf(row: HTMLElement): HTMLElement | null {
  return row.querySelector<HTMLElement>('a[href]') ?? row.querySelector<HTMLElement>(TOGGLE);
}

/** The row that has the focus. */
function currentRow(): HTMLElement | null {
  const focused = document.activeElement;
  if (!focused) return null;
  // The content of an expanded row is in the same group of rows.
  return (
    focused.closest<HTMLElement>(ROWS) ??
    focused.closest('tbody')?.querySelector<HTMLElement>('[data-row]') ??
    focused.closest<HTMLElement>(STEPS)
  );
}

/** Moves the focus to the row before or after; from elsewhere to the first one. */
export function moveToRow(step: 1 | -1): boolean {
  const rows = allRows();
  const current = currentRow();
  const at = current === null ? -1 : rows.indexOf(current);
  const next = at < 0 ? rows[0] : rows[at + step];
  const opener = next && openerOf(next);
  if (!opener) return false;
  opener.focus();
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

export function focusFirstRow(): boolean {
  const [first] = allRows();
  const opener = first && openerOf(first);
  opener?.focus();
  return Boolean(opener);
}

/** Opens the page of the row that has the focus. */
export function openRow(): boolean {
  const row = currentRow();
  const opener = row && openerOf(row);
  opener?.click();
  return Boolean(opener);
}

/** Expands or folds the row that has the focus. */
export function toggleRow(): boolean {
  const toggle = currentRow()?.querySelector<HTMLElement>(TOGGLE);
  toggle?.click();
  return Boolean(toggle);
}
