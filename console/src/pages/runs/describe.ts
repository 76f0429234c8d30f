/** A run's facts in the few words a table cell has room for. */

import type { ContactReference, Run } from '../../shared/api/types';
import { formatMoment } from '../../shared/ui/format';

export function contactName(contact: ContactReference | null): string | null {
  return contact && (contact.email ?? contact.phone ?? contact.id);
}

/** The API's own words, but for moments: those are told in the viewer's zone. */
export function healthText({ health }: Run, now: number): string | null {
  if (health === null) return null;
  return health.state === 'WAITING' && health.until
    ? `waiting until ${formatMoment(health.until, now)}`
    : health.text;
}

/** Why it failed, or why it was canceled: one line. */
export function errorLine({ error, canceled }: Run): string | null {
  if (error) return error.message;
  return canceled ? `Canceled by ${canceled.by}: ${canceled.reason}` : null;
}

/** The node it is at, or ended at: several where it walks parallel paths. */
export function currentNodes(run: Run): string | null {
  return run.at.length === 0 ? null : run.at.join(', ');
}

/** Milliseconds from start to end; of an open run, until now; null before the start. */
export function runDuration(run: Run, now: number): number | null {
  if (run.durationMs !== null) return run.durationMs;
  if (run.startedAt === null || run.finishedAt !== null) return null;
  return Math.max(0, now - Date.parse(run.startedAt));
}
