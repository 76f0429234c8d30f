import { Link } from 'react-router';
import type { Refusal } from '../../shared/api/types';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { Reason } from '../../shared/subjects/Reason';
import { formatCount, formatWord } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';

function addressOf({ id }: { id: string }): string {
  return `/refusals/${id}`;
}

/** The trigger's type as a word; its other facts depend on it. */
export function triggerWord({ trigger: { type } }: Refusal): string {
  return typeof type === 'string' ? formatWord(type) : 'Unknown';
}

const COLUMNS: Column<Refusal>[] = [
  { title: 'Reason', width: 16, cell: ({ reason }) => <Reason reason={reason} /> },
  {
    title: 'What happened',
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
    title: 'Times',
    width: 8,
    cell: ({ count }) => <span className={page.nowrap}>{formatCount(count)}</span>,
  },
  {
    title: 'First',
    width: 11,
    cell: ({ createdAt }, now) => (
      <span className={page.nowrap}>
        <RelativeTime time={createdAt} now={now} />
      </span>
    ),
  },
  {
    title: 'Last',
    width: 11,
    cell: ({ lastAt }, now) => (
      <span className={page.nowrap}>
        <RelativeTime time={lastAt} now={now} />
      </span>
    ),
  },
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
