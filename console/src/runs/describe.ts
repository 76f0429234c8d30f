/** A run's facts in the few words a table cell has room for. */

import type { ContactReference, Run } from '../api/types';

export function contactName(contact: ContactReference | null): string | null {
  return contact && (contact.email ?? contact.phone ?? contact.id);
}

export function healthText(run: Run): string | null {
  return run.health;
}

/** Which node, and why: one line. A cancel tells its actor and reason instead. */
export function errorLine(run: Run): string | null {
  if (run.error) {
    const { nodeId, message } = run.error;
    return nodeId === null ? message : `${nodeId}: ${message}`;
  }
  return null;
}

/** Milliseconds from start to end; of an open run, until now; null before the start. */
export function runDuration(run: Run, now: number): number | null {
  if (run.durationMs !== null) return run.durationMs;
  if (run.startedAt === null || run.finishedAt !== null) return null;
  return Math.max(0, now - Date.parse(run.startedAt));
}
