import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useAddressState } from '../../shared/address/addressState';
import { SUPPRESSION_REASONS, type SuppressionReason } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { FilterBar } from '../../shared/lists/FilterBar';
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import { ListResults } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { StatusChips } from '../../shared/lists/StatusChips';
import { TextFilter } from '../../shared/lists/TextFilter';
import { timeColumn } from '../../shared/lists/timeColumn';
import { useLiveList } from '../../shared/lists/useLiveList';
import { DELIVERY_FILTERS } from '../../shared/subjects/deliveries';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { EmptyState } from '../../shared/ui/EmptyState';
import { SimpleListAction } from '../../shared/ui/SimpleList';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import {
  fetchSuppressions,
  removeSuppression,
  type SuppressionFilters,
  type SuppressionRow,
  SUPPRESSIONS,
} from './queries';

const { Component: SuppressDialog } = lazyComponent(() => import('./SuppressDialog'));

const REASONS: Record<SuppressionReason, string> = {
  BOUNCE: t`A message bounced`,
  COMPLAINT: t`Reported as spam`,
  MANUAL: t`Added by hand`,
};

/** What to know before the address gets messages again. */
const CAUTIONS: Record<SuppressionReason, string> = {
  BOUNCE:
    t`A message to this address bounced, because the address cannot receive messages. If it still cannot, the next message bounces too, which harms your standing with the provider.`,
  COMPLAINT:
    t`The recipient reported a message as spam. Remove the address only if the person asked you to send again.`,
  MANUAL: t`Somebody in your workspace added this address. Check the note before you remove it.`,
};

/** The list of messages to the address; the whole list if the address was erased. */
function deliveriesTo({ address }: SuppressionRow): string {
  return DELIVERY_FILTERS.address('/delivery-ops', address === null ? {} : { address, range: '30d' });
}

function Why({ reason, deliveryId }: SuppressionRow) {
  if (deliveryId === null) return REASONS[reason];
  return <Link to={`/delivery-ops/${deliveryId}`}>{REASONS[reason]}</Link>;
}

function columnsFor(onRemove: ((row: SuppressionRow) => void) | null): Column<SuppressionRow>[] {
  const columns: Column<SuppressionRow>[] = [
    {
      title: t`Address`,
      width: 24,
      line: 1,
      isFlexible: true,
      cell: (row) =>
        row.address === null ? (
          t`An erased contact`
        ) : (
          <RowLink to={deliveriesTo(row)} label={t`Messages to ${row.address}`}>
            {row.address}
          </RowLink>
        ),
    },
    {
      title: t`Channel`,
      width: 11,
      cell: ({ kind }) => (kind === 'EMAIL' ? t`E-mail` : t`SMS, WhatsApp`),
    },
    { title: t`Reason`, width: 13, line: 2, cell: (row) => <Why {...row} /> },
    { title: t`Note`, line: 2, isFlexible: true, cell: ({ note }) => note },
    { title: t`Added by`, width: 15, cell: ({ createdBy }) => createdBy ?? t`The provider’s report` },
    timeColumn(t`Since`, 8, ({ createdAt }) => createdAt, 1),
  ];
  if (onRemove === null) return columns;
  return [
    ...columns,
    {
      title: t`Actions`,
      width: 10,
      line: 2,
      cell: (row) =>
        row.address !== null && (
          <SimpleListAction
            label={t`Remove ${row.address}`}
            onClick={() => {
              onRemove(row);
            }}
          >
            {t`Remove…`}
          </SimpleListAction>
        ),
    },
  ];
}

function Nothing({ filters, onClear }: { filters: SuppressionFilters; onClear: () => void }) {
  if (filters.reason === null && filters.address === null) {
    return (
      <EmptyState title={t`No suppressed addresses`}>
        <p>
          {t`An address appears here when a message to it bounces, when its owner reports a message as spam, or when an admin adds it.`}
        </p>
      </EmptyState>
    );
  }
  return (
    <EmptyState title={t`No matching addresses`}>
      <p>{t`Enter a complete e-mail address or phone number, or choose another reason.`}</p>
      <Button variant="default" onClick={onClear}>
        {t`Clear filters`}
      </Button>
    </EmptyState>
  );
}

/** The addresses to which nothing is sent, and why. Admins add and remove them. */
export default function SuppressionsPage() {
  const { api } = useServices();
  const queries = useQueryClient();
  const mayEdit = useAllows('ADMIN');
  const [filters, change] = useAddressState(SUPPRESSIONS);
  const [isAdding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<SuppressionRow | null>(null);
  const columns = useMemo(() => columnsFor(mayEdit ? setRemoved : null), [mayEdit]);
  const list = useLiveList<SuppressionRow>({
    queryKey: ['suppressions', filters],
    fetchPage: (cursor, signal) => fetchSuppressions(api, filters, cursor, signal),
    isOpen: () => false,
  });
  return (
    <div className={page.page}>
      <title>{t`Suppressions · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Suppressions`}</h1>
        {mayEdit && (
          <Button
            onClick={() => {
              setAdding(true);
            }}
          >
            {t`Suppress an address…`}
          </Button>
        )}
      </div>
      <p className={page.muted}>{t`Addresses to which automations send nothing, and why.`}</p>
      <IgnoredParameters states={[SUPPRESSIONS]} />
      <FilterBar
        label={t`Filter suppressions`}
        chips={
          <StatusChips
            label={t`Reason`}
            options={SUPPRESSION_REASONS}
            value={filters.reason}
            onChange={(reason) => {
              change({ reason }, 'push');
            }}
          />
        }
      >
        <TextFilter
          label={t`Address`}
          placeholder={t`E-mail or phone`}
          value={filters.address}
          onChange={(address) => {
            change({ address }, 'push');
          }}
        />
      </FilterBar>
      <ListResults
        noun={t`address`}
        plural={t`addresses`}
        list={list}
        empty={
          <Nothing
            filters={filters}
            onClear={() => {
              change(SUPPRESSIONS.none, 'push');
            }}
          />
        }
      >
        {(rows) => (
          <RowTable
            label={t`Suppressed addresses, newest first`}
            columns={columns}
            rows={rows}
            addressOf={deliveriesTo}
          />
        )}
      </ListResults>
      {isAdding && (
        <SuppressDialog
          onClose={() => {
            setAdding(false);
          }}
        />
      )}
      {removed?.address && (
        <ConfirmDialog
          title={t`Send to ${removed.address} again?`}
          action={t`Remove from the list`}
          run={async () => {
            await removeSuppression(api, removed.address ?? '');
            await queries.resetQueries({ queryKey: ['suppressions'] });
          }}
          onClose={() => {
            setRemoved(null);
          }}
        >
          <p>{CAUTIONS[removed.reason]}</p>
          {removed.note !== null && <p>{t`Note: ${removed.note}`}</p>}
          <p>{t`The address gets new messages again. Messages that were held back are not sent afterwards. Consent still applies.`}</p>
        </ConfirmDialog>
      )}
    </div>
  );
}
