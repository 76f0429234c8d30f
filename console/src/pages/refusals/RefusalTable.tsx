import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { Refusal } from '../../shared/api/types';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { RefusalReasonLabel } from '../../shared/subjects/RefusalReasonLabel';
import { triggerWord } from '../../shared/subjects/triggers';
import { formatCount } from '../../shared/ui/format';

function addressOf({ id }: { id: string }): string {
  return `/refusals/${id}`;
}

const COLUMNS: Column<Refusal>[] = [
  {
    title: t`Reason`,
    width: 16,
    line: 1,
    cell: ({ reason }) => <RefusalReasonLabel reason={reason} />,
  },
  {
    title: t`Details`,
    line: 2,
    isFlexible: true,
    cell: (row) => {
      const words = row.unreadable ? t`Partly unreadable: ${row.message}` : row.message;
      return (
        <RowLink to={addressOf(row)} label={t`${words}, refusal ${row.id}`}>
          {words}
        </RowLink>
      );
    },
  },
  {
    title: t`Automation`,
    width: 16,
    line: 1,
    isFlexible: true,
    cell: ({ automationId, automationName }) => (
      <Link to={`/automations/${automationId}`}>{automationName}</Link>
    ),
  },
  { title: t`Trigger`, width: 10, cell: triggerWord },
  {
    title: t`Count`,
    width: 8,
    cell: ({ count }) => <span className={page.nowrap}>{formatCount(count)}</span>,
  },
  timeColumn(t`First seen`, 11, ({ createdAt }) => createdAt),
  timeColumn(t`Last seen`, 11, ({ lastAt }) => lastAt, 1),
];

export function RefusalTable({ refusals }: { refusals: Refusal[] }) {
  return (
    <RowTable
      label={t`Refusals, newest first`}
      columns={COLUMNS}
      rows={refusals}
      addressOf={addressOf}
    />
  );
}
