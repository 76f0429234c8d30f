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
  { title: 'Reason', width: 16, cell: ({ reason }) => <RefusalReasonLabel reason={reason} /> },
  {
    title: 'Details',
    isWide: true,
    cell: (row) => (
      <RowLink to={addressOf(row)}>
        {row.unreadable ? `Partly unreadable: ${row.message}` : row.message}
        <span className="visually-hidden">, refusal {row.id}</span>
      </RowLink>
    ),
  },
  {
    title: 'Automation',
    width: 16,
    cell: ({ automationId, automationName }) => (
      <Link to={`/automations/${automationId}`}>{automationName}</Link>
    ),
  },
  { title: 'Trigger', width: 10, cell: triggerWord },
  {
    title: 'Count',
    width: 8,
    cell: ({ count }) => <span className={page.nowrap}>{formatCount(count)}</span>,
  },
  timeColumn('First seen', 11, ({ createdAt }) => createdAt),
  timeColumn('Last seen', 11, ({ lastAt }) => lastAt),
];

export function RefusalTable({ refusals }: { refusals: Refusal[] }) {
  return (
    <RowTable
      label="Refusals, newest first"
      columns={COLUMNS}
      rows={refusals}
      addressOf={addressOf}
    />
  );
}
