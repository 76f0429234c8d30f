/** Unsaved work, kept in the tab for each user and automation. */

import type { AutomationDocument } from './document';

export interface UnsavedWork {
  document: AutomationDocument;
  /** The revision of the saved draft that it is based on; null for a new automation. */
  revision: number | null;
  /** When it was last changed, ISO 8601. */
  at: string;
}

const PREFIX = 'runledger.unsaved';

export function unsavedWorkKey(email: string, workspaceId: string | null, automationId: string | null): string {
  return [PREFIX, workspaceId ?? '', email, automationId ?? 'new'].join(' ');
}

/** Reads kept work; work that cannot be read is deleted. */
export function readUnsavedWork(key: string, storage: Storage = sessionStorage): UnsavedWork | null {
  const text = storage.getItem(key);
  if (text === null) return null;
  try {
    return JSON.parse(text) as UnsavedWork;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    storage.removeItem(key);
    return null;
  }
}

/** Returns whether the work could be kept; false if the storage is full. */
export function keepUnsavedWork(key: string, draft: UnsavedWork, storage: Storage = sessionStorage): boolean {
  try {
    storage.setItem(key, JSON.stringify(draft));
    return true;
  } catch (error) {
    if (error instanceof DOMException) return false;
    throw error;
  }
}

export function dropUnsavedWork(key: string, storage: Storage = sessionStorage): void {
  storage.removeItem(key);
}
