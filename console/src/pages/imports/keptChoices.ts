/** The choices for an import that was not started yet, kept in the tab for a reload. */

import type { Choices } from './fields';

const PREFIX = 'runledger.import';

function keyOf(id: string): string {
  return `${PREFIX} ${id}`;
}

function isChoices(value: unknown, columns: number): value is Choices {
  if (typeof value !== 'object' || value === null) return false;
  const { mapping, key, tags } = value as Partial<Record<keyof Choices, unknown>>;
  return (
    Array.isArray(mapping) &&
    mapping.length === columns &&
    mapping.every((field) => typeof field === 'string') &&
    typeof key === 'string' &&
    typeof tags === 'string'
  );
}

/** Reads the choices for a file with so many columns; null if there are none. */
export function readChoices(id: string, columns: number, storage: Storage = sessionStorage): Choices | null {
  const text = storage.getItem(keyOf(id));
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isChoices(value, columns) ? value : null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/** Keeps the choices; if the storage is full, a reload shows the suggestions again. */
export function keepChoices(id: string, choices: Choices, storage: Storage = sessionStorage): void {
  try {
    storage.setItem(keyOf(id), JSON.stringify(choices));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}

export function dropChoices(id: string, storage: Storage = sessionStorage): void {
  storage.removeItem(keyOf(id));
}
