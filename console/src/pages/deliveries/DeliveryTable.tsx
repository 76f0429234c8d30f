import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { Link } from 'react-router';
import type { Delivery } from '../../shared/api/types';
import { ClippedText } from '../../shared/lists/ClippedText';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { timeColumn } from '../../shared/lists/timeColumn';
import { BOUNCE_TEXTS, deliveryTitle, recipient } from '../../shared/subjects/deliveries';
import { formatMoment, formatWord } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';

function addressOf({ id }: { id: string }): string {
  return `/delivery-ops/${id}`;
}

function statusNote({ status, nextTryAt, bounce, complained }: Delivery, now: number): string | null {
  if (status === 'RETRYING') {
    return nextTryAt === null ? t`next try soon` : t`next try at ${formatMoment(nextTryAt, now)}`;
  }
  if (bounce !== null) return BOUNCE_TEXTS[bounce];
  return complained ? t`marked as spam` : null;
}

const COLUMNS: Column<Delivery>[] = [
  {
    title: t`Status`,
    width: 14,
    line: 1,
    cell: (row, now) => {
      const note = statusNote(row, now);
      return (
        <>
          <Status status={row.status} />
          {note !== null && <span className={page.note}>{note}</span>}
          {row.unreadable && <span className={page.note}>{t`Partly unreadable`}</span>}
        </>
      );
    },
  },
  {
    title: t`Message`,
    width: 21,
    line: 1,
    isFlexible: true,
    cell: (row) => (
      <>
        <RowLink to={addressOf(row)} label={t`${deliveryTitle(row)}, delivery ${row.id}`}>
          {deliveryTitle(row)}
        </RowLink>
        <span className={page.note}>
          {row.resendOf === null ? formatWord(row.channel) : t`${formatWord(row.channel)}, resend`}
        </span>
      </>
    ),
  },
  {
    title: t`To`,
    width: 21,
    line: 2,
    isFlexible: true,
    cell: (row) => <ClippedText text={recipient(row)} />,
  },
  {
    title: t`Automation`,
    width: 13,
    cell: ({ automationId, automationName }) =>
      automationId === null ? null : (
        <Link to={`/automations/${automationId}`}>{automationName ?? automationId}</Link>
      ),
  },
  timeColumn(t`Created`, 10, ({ createdAt }) => createdAt, 1),
  { title: t`Tries`, width: 6, cell: ({ tries }) => tries },
  {
    title: t`Error`,
    line: 2,
    isFlexible: true,
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
    title: t`Action`,
    width: 9,
    line: 2,
    cell: (row) => (
      <Button
        variant="default"
        size="compact-sm"
        aria-label={t`Resend ${deliveryTitle(row)} to ${row.address}`}
        onClick={() => onResend?.(row)}
      >
        {t`Resend`}
      </Button>
    ),
  };
  return (
    <RowTable
      label={t`Deliveries, newest first`}
      columns={onResend ? [...COLUMNS, actions] : COLUMNS}
      rows={deliveries}
      addressOf={addressOf}
    />
  );
}
