import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Delivery } from '../../shared/api/types';
import { ClippedText } from '../../shared/lists/ClippedText';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { deliveryTitle, recipient } from '../../shared/subjects/deliveries';
import { formatMoment, formatWord } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';

function addressOf({ id }: { id: string }): string {
  return `/delivery-ops/${id}`;
}

function statusNote({ status, nextTryAt, complained }: Delivery, now: number): string | null {
  if (status === 'RETRYING') {
    return nextTryAt === null ? 'next try soon' : `next try at ${formatMoment(nextTryAt, now)}`;
  }
  return complained ? 'marked as spam' : null;
}

const COLUMNS: Column<Delivery>[] = [
  {
    title: 'Status',
    width: 14,
    cell: (row, now) => {
      const note = statusNote(row, now);
      return (
        <>
          <Status status={row.status} />
          {note !== null && <span className={page.note}>{note}</span>}
          {row.unreadable && <span className={page.note}>Partly unreadable</span>}
        </>
      );
    },
  },
  {
    title: 'Message',
    width: 22,
    isWide: true,
    cell: (row) => (
      <>
        <RowLink to={addressOf(row)}>
          {deliveryTitle(row)}
          <span className="visually-hidden">, delivery {row.id}</span>
        </RowLink>
        <span className={page.note}>
          {formatWord(row.channel)}
          {row.resendOf !== null && ', resend'}
        </span>
      </>
    ),
  },
  { title: 'To', width: 18, isWide: true, cell: (row) => <ClippedText text={recipient(row)} /> },
  {
    title: 'Automation',
    width: 13,
    cell: ({ automationId, automationName }) =>
      automationId === null ? null : (
        <Link to={`/automations/${automationId}`}>{automationName ?? automationId}</Link>
      ),
  },
  timeColumn('Created', 10, ({ createdAt }) => createdAt),
  { title: 'Tries', width: 6, cell: ({ tries }) => tries },
  {
    title: 'Error',
    isWide: true,
    cell: ({ error }) =>
      error !== null && (
        <span className={page.bad} title={error}>
          {error}
        </span>
      ),
  },
];

interface Props {
  deliveries: Delivery[];
  /** Absent if rows have no action. */
  onResend?: ((delivery: Delivery) => void) | undefined;
}

export function DeliveryTable({ deliveries, onResend }: Props) {
  const actions: Column<Delivery> = {
    title: 'Action',
    width: 9,
    isWide: true,
    cell: (row) => (
      <Button
        variant="default"
        size="compact-sm"
        aria-label={`Resend ${deliveryTitle(row)} to ${row.address}`}
        onClick={() => onResend?.(row)}
      >
        Resend
      </Button>
    ),
  };
  return (
    <RowTable
      label="Deliveries, newest first"
      columns={onResend ? [...COLUMNS, actions] : COLUMNS}
      rows={deliveries}
      addressOf={addressOf}
    />
  );
}
