/** The words for an export. */

import { plural, t } from '@lingui/core/macro';
import type { Export, ExportedList } from '../../shared/api/types';
import { formatCount, formatWord } from '../../shared/ui/format';

export const LISTS: Record<ExportedList, string> = {
  RUNS: t`Runs`,
  DELIVERIES: t`Deliveries`,
  REFUSALS: t`Refused events`,
  CONTACTS: t`Contacts`,
};

/** `Runs as CSV`. */
export function exportTitle({ list, format }: Export): string {
  return t`${LISTS[list]} as ${format}`;
}

/** Whether the file was deleted because it was kept long enough. */
export function isExpired({ expiresAt }: Export, now: number): boolean {
  return Date.parse(expiresAt) <= now;
}

/** What the export does or did. */
export function exportState(made: Export, now: number): string {
  const rows = formatCount(made.rows);
  if (made.status === 'FAILED') return made.error ?? t`The export failed.`;
  if (made.status !== 'COMPLETED') {
    return plural(made.rows, {
      one: 'In progress, 1 row so far',
      other: `In progress, ${rows} rows so far`,
    });
  }
  return isExpired(made, now)
    ? plural(made.rows, {
        one: '1 row. The file was deleted.',
        other: `${rows} rows. The file was deleted.`,
      })
    : plural(made.rows, { one: '1 row', other: `${rows} rows` });
}

/** The filters of the list except the period, such as `Status: Failed`. */
export function filterWords({ filter }: Export): string[] {
  const { status, reason, triggerType, ...others } = filter;
  const several = Object.entries({ status, reason, triggerType })
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => `${NAMES[name] ?? name}: ${values.map(formatWord).join(', ')}`);
  const single = Object.entries(others)
    .filter(([name]) => name in NAMES)
    .filter(([, value]) => typeof value === 'string' && value !== '')
    .map(([name, value]) => `${NAMES[name] ?? name}: ${String(value)}`);
  return [...several, ...single];
}

const NAMES: Readonly<Record<string, string>> = {
  status: t`Status`,
  reason: t`Reason`,
  triggerType: t`Trigger`,
  automationId: t`Automation`,
  contact: t`Contact`,
  errorGroup: t`Error`,
  rerunOf: t`Reruns of`,
  recoveryId: t`Recovery`,
  channel: t`Channel`,
  runId: t`Run`,
  address: t`Address`,
  segmentId: t`Segment`,
};
