import { t } from '@lingui/core/macro';
import { Button, NativeSelect } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAddressWith } from '../../shared/address/addressState';
import {
  BOUNCE_KINDS,
  CHANNELS,
  type Counts,
  type Delivery,
  DELIVERY_STATUSES,
} from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { AutomationPicker } from '../../shared/lists/AutomationPicker';
import { countsQuery } from '../../shared/lists/counts';
import { ExportButton } from '../../shared/lists/ExportButton';
import { FilterBar } from '../../shared/lists/FilterBar';
import { useFilters } from '../../shared/lists/filters';
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import { LinkedFilter } from '../../shared/lists/LinkedFilter';
import { ListResults, NothingFound } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { PeriodPicker } from '../../shared/lists/PeriodPicker';
import { StatusChips } from '../../shared/lists/StatusChips';
import { TextFilter } from '../../shared/lists/TextFilter';
import { useLiveList } from '../../shared/lists/useLiveList';
import { ViewsMenu } from '../../shared/lists/ViewsMenu';
import { BOUNCE_TEXTS, DELIVERY_FILTERS, type DeliveryFilters } from '../../shared/subjects/deliveries';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatCount, formatWord } from '../../shared/ui/format';
import { TabLinks } from '../../shared/ui/TabLinks';
import { DeliveryTable } from './DeliveryTable';
import { isUnderWay } from './describe';
import {
  clearedFilters,
  isNarrowed,
  recipientFilter,
  settleView,
  toCountsQuery,
  toQuery,
  writtenRecipient,
} from './filters';
import { fetchDeliveries } from './queries';
import { ResendDialog } from './ResendDialog';

interface FilterProps {
  filters: DeliveryFilters;
  counts: Counts | undefined;
  onChange: (changes: Partial<DeliveryFilters>) => void;
}

function Tabs({ filters, counts }: Omit<FilterProps, 'onChange'>) {
  const addressWith = useAddressWith(DELIVERY_FILTERS);
  // The filters apply to both tabs, except the status.
  const address = (tab: DeliveryFilters['tab']) => addressWith({ tab, status: null });
  const dead = counts?.counts.DEAD_LETTERED;
  return (
    <TabLinks
      label={t`Tabs of the deliveries page`}
      current={filters.tab ?? 'all'}
      tabs={[
        { key: 'all', to: address(null), label: t`All` },
        {
          key: 'dead-lettered',
          to: address('dead-lettered'),
          label: dead === undefined ? t`Dead-lettered` : t`Dead-lettered (${formatCount(dead)})`,
        },
      ]}
    />
  );
}

/** The error of every message that bounced. */
const BOUNCED = 'BOUNCED';

function BounceFilter({ filters, onChange }: Pick<FilterProps, 'filters' | 'onChange'>) {
  const any = filters.errorKind === BOUNCED ? BOUNCED : '';
  return (
    <NativeSelect
      label={t`Bounces`}
      data={[
        { value: '', label: t`All messages` },
        { value: BOUNCED, label: t`Every bounce` },
        ...BOUNCE_KINDS.map((bounce) => ({ value: bounce, label: BOUNCE_TEXTS[bounce] })),
      ]}
      value={filters.bounce ?? any}
      onChange={(event) => {
        const { value } = event.currentTarget;
        onChange({
          bounce: BOUNCE_KINDS.find((bounce) => bounce === value) ?? null,
          errorKind: value === BOUNCED ? BOUNCED : null,
        });
      }}
    />
  );
}

function DeliveryFilterBar({ filters, counts, onChange }: FilterProps) {
  return (
    <FilterBar
      label={t`Filter deliveries`}
      chips={
        <>
          {filters.tab === null && (
            <StatusChips
              label={t`Status`}
              options={DELIVERY_STATUSES}
              value={filters.status}
              counts={counts}
              onChange={(status) => {
                onChange({ status });
              }}
            />
          )}
          {filters.errorKind !== null && filters.errorKind !== BOUNCED && (
            <LinkedFilter
              name={t`Error: ${formatWord(filters.errorKind)}`}
              onRemove={() => {
                onChange({ errorKind: null });
              }}
            />
          )}
        </>
      }
    >
      <NativeSelect
        label={t`Channel`}
        data={[
          { value: '', label: t`All channels` },
          ...CHANNELS.map((channel) => ({ value: channel, label: formatWord(channel) })),
        ]}
        value={filters.channel ?? ''}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onChange({ channel: CHANNELS.find((channel) => channel === value) ?? null });
        }}
      />
      <BounceFilter filters={filters} onChange={onChange} />
      <AutomationPicker
        value={filters.automationId}
        onChange={(automationId) => {
          onChange({ automationId });
        }}
      />
      <TextFilter
        label={t`Address or contact`}
        placeholder={t`E-mail, phone or contact id`}
        value={writtenRecipient(filters)}
        onChange={(written) => {
          onChange(recipientFilter(written));
        }}
      />
      <PeriodPicker label={t`Created`} period={filters} onChange={onChange} />
    </FilterBar>
  );
}

/** Shows the run filter, which only links set, with a button to remove it. */
function RunFilter({ runId, onClear }: { runId: string; onClear: () => void }) {
  return (
    <Notice
      title={t`Showing deliveries of run ${runId}`}
      action={
        <Button
          variant="default"
          size="xs"
          leftSection={<IconX size={14} aria-hidden />}
          onClick={onClear}
        >
          {t`Show deliveries of all runs`}
        </Button>
      }
    />
  );
}

/** How many deliveries match the filters; undefined if not all were counted. */
function totalOf({ tab, status }: DeliveryFilters, counts: Counts | undefined): number | undefined {
  if (!counts?.isComplete) return undefined;
  const chosen = tab === null ? status : 'DEAD_LETTERED';
  return chosen === null ? counts.total : (counts.counts[chosen] ?? 0);
}

/** `deliveries`, or a more exact name for the filtered ones. */
function pluralOf(filters: DeliveryFilters): string {
  const plural = filters.tab === null ? 'deliveries' : t`dead-lettered deliveries`;
  const written = writtenRecipient(filters);
  return written === null ? plural : t`${plural} to ${written}`;
}

const HINTS = {
  all: t`A delivery appears here when an automation sends a message.`,
  'dead-lettered': t`All good: no delivery has used up all its tries.`,
};

export default function DeliveriesPage() {
  const { api } = useServices();
  const mayResend = useAllows('MEMBER');
  const [resending, setResending] = useState<Delivery | null>(null);
  const [filters, change] = useFilters(DELIVERY_FILTERS);
  const counted = toCountsQuery(filters);
  const counts = useQuery(
    countsQuery(['deliveries', counted], (signal) =>
      api.get('/v1/deliveries/counts', { query: counted, signal }),
    ),
  );
  const list = useLiveList<Delivery>({
    queryKey: ['deliveries', filters],
    fetchPage: (cursor, signal) => fetchDeliveries(api, filters, cursor, signal),
    isOpen: ({ status }) => isUnderWay(status),
  });
  const isDead = filters.tab === 'dead-lettered';
  return (
    <div className={page.page}>
      <title>{isDead ? t`Dead-lettered deliveries · Runledger` : t`Delivery ops · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Delivery ops`}</h1>
        <div className={page.titleActions}>
          <ViewsMenu
            list="DELIVERIES"
            plural={t`deliveries`}
            state={DELIVERY_FILTERS}
            filter={toQuery(filters)}
            settle={settleView}
          />
          <ExportButton
            list="DELIVERIES"
            plural={t`deliveries`}
            filter={toQuery(filters)}
            total={totalOf(filters, counts.data)}
          />
        </div>
      </div>
      <IgnoredParameters states={[DELIVERY_FILTERS]} />
      <Tabs filters={filters} counts={counts.data} />
      {isDead && (
        <p className={page.muted}>
          {t`These messages failed their last try and are not retried automatically. Check the error, then resend them if needed.`}
        </p>
      )}
      <DeliveryFilterBar filters={filters} counts={counts.data} onChange={change} />
      {filters.runId !== null && (
        <RunFilter
          runId={filters.runId}
          onClear={() => {
            change({ runId: null });
          }}
        />
      )}
      <ListResults
        noun={t`delivery`}
        plural={t`deliveries`}
        period={filters}
        list={list}
        empty={
          <NothingFound
            plural={pluralOf(filters)}
            hint={HINTS[filters.tab ?? 'all']}
            period={filters}
            isNarrowed={isNarrowed(filters)}
            onClear={() => {
              change(clearedFilters(filters));
            }}
            onChange={change}
          />
        }
      >
        {(deliveries) => (
          <DeliveryTable
            deliveries={deliveries}
            onResend={isDead && mayResend ? setResending : undefined}
          />
        )}
      </ListResults>
      {resending && (
        <ResendDialog
          delivery={resending}
          onClose={() => {
            setResending(null);
          }}
        />
      )}
    </div>
  );
}
