/** Short texts about a run, for table cells. */

import { t } from '@lingui/core/macro';
import type { ContactReference, Run, RunStatus } from '../../shared/api/types';
import { formatMoment } from '../../shared/ui/format';

export function contactName(contact: ContactReference | null): string | null {
  return contact && (contact.email ?? contact.phone ?? contact.id);
}

/** The API's text, but with times in the viewer's time zone. */
export function healthText({ health }: Run, now: number): string | null {
  if (health === null) return null;
  return health.state === 'WAITING' && health.until
    ? t`waiting until ${formatMoment(health.until, now)}`
    : health.text;
}

/** The status to draw: a run that only waits does not look like one that works. */
export function shownStatus({ status, health }: Run): RunStatus | 'WAITING' {
  return health?.state === 'WAITING' ? 'WAITING' : status;
}

/** Why the run failed or was canceled, in one line. */
export function errorLine({ error, canceled }: Run): string | null {
  if (error) return error.message;
  return canceled ? t`Canceled by ${canceled.by}: ${canceled.reason}` : null;
}

/** The node where the run is or ended; several for parallel paths. */
export function currentNodes(run: Run): string | null {
  return run.at.length === 0 ? null : run.at.join(', ');
}

/** Milliseconds from start to end, or to now for an open run; null before the start. */
export function runDuration(run: Run, now: number): number | null {
  if (run.durationMs !== null) return run.durationMs;
  if (run.startedAt === null || run.finishedAt !== null) return null;
  return Math.max(0, now - Date.parse(run.startedAt));
}
