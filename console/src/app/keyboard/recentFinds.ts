/**
 * What a person found last in a workspace. It may name people, so it is kept in the tab as the
 * session is: signing out clears it, and so does another person's sign-in.
 */

import { RECENT_PREFIX } from '../../shared/auth/session';
import type { Found } from './search';

const MOST = 8;

function keyOf(email: string, workspaceId: string): string {
  return `${RECENT_PREFIX}${email}.${workspaceId}`;
}

function isFound(value: unknown): value is Found {
  if (typeof value !== 'object' || value === null) return false;
  const { type, id, title, href } = value as Partial<Record<keyof Found, unknown>>;
  return [type, id, title, href].every((each) => typeof each === 'string');
}

/** Newest first; what cannot be read is dropped. */
export function readFinds(email: string, workspaceId: string, storage: Storage = sessionStorage): Found[] {
  const text = storage.getItem(keyOf(email, workspaceId));
  if (text === null) return [];
  try {
    const kept: unknown = JSON.parse(text);
    return Array.isArray(kept) ? kept.filter(isFound) : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    storage.removeItem(keyOf(email, workspaceId));
    return [];
  }
}

/** Keeps a find as the newest. A full storage keeps the ones before. */
export function keepFind(
  email: string,
  workspaceId: string,
  found: Found,
  storage: Storage = sessionStorage,
): void {
  const others = readFinds(email, workspaceId, storage).filter(({ href }) => href !== found.href);
  const kept = [found, ...others].slice(0, MOST);
  try {
    storage.setItem(keyOf(email, workspaceId), JSON.stringify(kept));
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
  }
}
