/** Work that is not saved yet, kept in the tab for each person and automation. */

import type { AutomationDocument } from './document';

export interface UnsavedWork {
  document: AutomationDocument;
  /** The saved draft's revision that it was made from; null for a new automation. */
  revision: number | null;
  /** When it was last changed, ISO 8601. */
  at: string;
}

const PREFIX = 'runledger.unsaved';

export function unsavedWorkKey(email: string, workspaceId: string | null, automationId: string | null): string {
  return [PREFIX, workspaceId ?? '', email, automationId ?? 'new'].join(' ');
}

/** What was kept; what cannot be read any more is forgotten. */
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

/** Whether it could be kept: a full storage refuses. */
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
