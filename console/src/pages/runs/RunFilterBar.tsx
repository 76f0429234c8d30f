import { t } from '@lingui/core/macro';
import { NativeSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import {
  type Counts,
  type RunHealth,
  type RunStatus,
  TRIGGER_TYPES,
} from '../../shared/api/types';
import { AutomationPicker } from '../../shared/lists/AutomationPicker';
import { FilterBar } from '../../shared/lists/FilterBar';
import listFilters from '../../shared/lists/Filters.module.css';
import { LinkedFilter } from '../../shared/lists/LinkedFilter';
import { PeriodPicker } from '../../shared/lists/PeriodPicker';
import { StatusChips } from '../../shared/lists/StatusChips';
import { ContactFilter, TextFilter } from '../../shared/lists/TextFilter';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import { formatWord } from '../../shared/ui/format';
import { ErrorGroupPicker } from './ErrorGroupPicker';
import { ORDERS, type Order } from './openRuns';

/** The chips: the statuses, and one state of open runs that people look for. */
const CHIPS = [
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELED',
  'PENDING',
  'WAITING',
] as const satisfies (RunStatus | RunHealth)[];

interface Props {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

/** The filters that links set. */
function LinkedFilters({ filters, onChange }: Props) {
  const { rerunOf, recoveryId, health } = filters;
  const otherHealth = health === 'WAITING' ? null : health;
  if (rerunOf === null && recoveryId === null && otherHealth === null) return null;
  return (
    <div className={listFilters.chips}>
      {otherHealth !== null && (
        <LinkedFilter
          name={`${formatWord(otherHealth)} runs`}
          onRemove={() => {
            onChange({ health: null });
          }}
        />
      )}
      {rerunOf !== null && (
        <LinkedFilter
          name={t`Reruns of ${rerunOf}`}
          onRemove={() => {
            onChange({ rerunOf: null });
          }}
        />
      )}
      {recoveryId !== null && (
        <LinkedFilter
          name={t`Recovery ${recoveryId}`}
          onRemove={() => {
            onChange({ recoveryId: null });
          }}
        />
      )}
    </div>
  );
}

interface BarProps extends Props {
  /** Runs by status, and how many of them wait. */
  counts: Counts | undefined;
  waiting: Counts | undefined;
  order: Order;
  onOrder: (order: Order) => void;
  /** Other buttons beside the one that unfolds the filters on a small screen. */
  beside?: ReactNode;
}

export function RunFilterBar(props: BarProps) {
  const { filters, counts, waiting, order, onChange, onOrder, beside } = props;
  const shown =
    counts && waiting ? { ...counts, counts: { ...counts.counts, WAITING: waiting.total } } : counts;
  return (
    <FilterBar
      label={t`Filter runs`}
      isSet={RUN_FILTERS.isNarrowed({ ...filters, status: null, health: null })}
      beside={beside}
      chips={
        <>
          <StatusChips
            label={t`Status`}
            options={CHIPS}
            value={filters.health === 'WAITING' ? 'WAITING' : filters.status}
            counts={shown}
            partial={waiting?.isComplete === false ? ['WAITING'] : []}
            onChange={(chosen) => {
              onChange(
                chosen === 'WAITING'
                  ? { status: null, health: 'WAITING' }
                  : { status: chosen, health: null },
              );
            }}
          />
          <LinkedFilters filters={filters} onChange={onChange} />
        </>
      }
    >
      <AutomationPicker
        value={filters.automationId}
        onChange={(automationId) => {
          // An error group belongs to one automation.
          onChange({ automationId, errorGroup: null });
        }}
      />
      <ContactFilter
        value={filters.contact}
        onChange={(contact) => {
          onChange({ contact });
        }}
      />
      <TextFilter
        label={t`Key`}
        placeholder={t`orderId:A-1001`}
        value={filters.key}
        onChange={(key) => {
          onChange({ key });
        }}
      />
      <NativeSelect
        label={t`Trigger`}
        className={listFilters.short}
        data={[
          { value: '', label: t`All triggers` },
          ...TRIGGER_TYPES.map((value) => ({ value, label: formatWord(value) })),
        ]}
        value={filters.triggerType ?? ''}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onChange({ triggerType: TRIGGER_TYPES.find((type) => type === chosen) ?? null });
        }}
      />
      <NativeSelect
        label={t`Order`}
        className={listFilters.short}
        data={ORDERS.map((value) => ({ value, label: t`${formatWord(value)} first` }))}
        value={order}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          onOrder(ORDERS.find((one) => one === chosen) ?? 'newest');
        }}
      />
      <ErrorGroupPicker filters={filters} onChange={onChange} />
      <PeriodPicker label={t`Created`} period={filters} onChange={onChange} />
    </FilterBar>
  );
}
