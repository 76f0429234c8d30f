/** The words for an import. */

import { plural, t } from '@lingui/core/macro';
import type { ContactImport, RowOutcome } from '../../shared/api/types';
import { formatCount } from '../../shared/ui/format';

export const OUTCOMES: Record<RowOutcome, string> = {
  CREATED: t`Created`,
  UPDATED: t`Changed`,
  UNCHANGED: t`Unchanged`,
  FAILED: t`Failed`,
  REPEATED: t`Repeated`,
  UNKNOWN: t`Unknown`,
};

/** How many rows of a checked import are valid. */
export function importable({ total, counts }: ContactImport): number {
  return (total ?? 0) - (counts.FAILED ?? 0);
}

/** How an import or its check ended. */
export function endTitle(made: ContactImport): string {
  const valid = made.done - (made.counts.FAILED ?? 0);
  if (made.status === 'CHECKED') {
    return valid > 0 ? t`Checked: this is what the import would do` : t`Checked: no row can be imported`;
  }
  if (made.status === 'CANCELED') {
    return made.done > 0
      ? t`Canceled: the other rows were not imported`
      : t`Canceled: no row was imported`;
  }
  return valid > 0 ? t`Imported` : t`No row was imported`;
}

/** One line on an import in a list. */
export function stateText({ status, done, error }: ContactImport): string {
  const rows = plural(done, { one: '1 row', other: `${formatCount(done)} rows` });
  switch (status) {
    case 'UPLOADING':
      return t`Not started`;
    case 'CHECKING':
      return t`Being checked, ${rows} so far`;
    case 'CHECKED':
      return t`Checked, not imported yet`;
    case 'RUNNING':
      return t`Being imported, ${rows} so far`;
    case 'COMPLETED':
      return t`Completed, ${rows}`;
    case 'CANCELED':
      return t`Canceled after ${rows}`;
    case 'FAILED':
      return error === null ? t`Failed` : t`Failed: ${error}`;
  }
}
