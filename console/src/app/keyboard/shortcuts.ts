/** Which key does what. */

import { t } from '@lingui/core/macro';
import { focusFirstRow, moveToRow, openRow, toggleRow } from '../../shared/ui/rows';

export interface Shortcut {
  /** As it is written on a keyboard; several keys do the same. */
  keys: readonly string[];
  words: string;
}

/** For the list of shortcuts. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['/'], words: t`Search` },
  { keys: ['j'], words: t`Next row of the list` },
  { keys: ['k'], words: t`Previous row of the list` },
  { keys: ['o', t`Enter`], words: t`Open the row` },
  { keys: ['x'], words: t`Expand or fold the row` },
  { keys: ['?'], words: t`Show this list` },
];

/** Keys that act on the rows of the page; each returns whether it did something. */
export const ROW_KEYS: Readonly<Record<string, () => boolean>> = {
  j: () => moveToRow(1),
  k: () => moveToRow(-1) || focusFirstRow(),
  o: openRow,
  x: toggleRow,
};

const TYPING =
  t`input, textarea, select, [contenteditable]:not([contenteditable="false"]), [role="textbox"], [role="combobox"], [role="listbox"], [role="menu"], .cm-editor`;

/** Whether keys are text for the focused element, or for an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  // The JSON editor is in a shadow root.
  const [target] = event.composedPath();
  if (target instanceof Element && target.closest(TYPING) !== null) return true;
  return document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
}

/** ⌘K or Ctrl+K. */
export function isPaletteKey({ key, metaKey, ctrlKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === 'k' && metaKey !== ctrlKey && !altKey && !shiftKey;
}

/** A key alone; Shift is part of `?`. */
export function isSingleKey({ metaKey, ctrlKey, altKey, isComposing }: KeyboardEvent): boolean {
  return !metaKey && !ctrlKey && !altKey && !isComposing;
}

/** The modifier on this computer. */
export function paletteKeyText(): string {
  return /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘K' : t`Ctrl K`;
}
