import { t } from '@lingui/core/macro';
import { NativeSelect, Skeleton } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { ViewFilter } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { AutomationPicker } from '../../shared/lists/AutomationPicker';
import { FilterBar } from '../../shared/lists/FilterBar';
import { useFilters } from '../../shared/lists/filters';
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import { ListEnd } from '../../shared/lists/ListEnd';
import { NothingFound } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { PeriodPicker } from '../../shared/lists/PeriodPicker';
import { periodText } from '../../shared/lists/period';
import type { AskedView } from '../../shared/lists/savedViews';
import { StatusChips } from '../../shared/lists/StatusChips';
import { ViewsMenu } from '../../shared/lists/ViewsMenu';
import {
  FAILURE_FILTERS,
  type FailureFilters,
  GROUP_STATUSES,
} from '../../shared/subjects/failures';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { FailureList } from './FailureList';
import { assigneesQuery, failuresQuery } from './queries';

const ORDERS = [
  { value: 'newest', label: t`Latest failure first` },
  { value: 'count', label: t`Most runs first` },
];

interface FilterProps {
  filters: FailureFilters;
  onChange: (changes: Partial<FailureFilters>) => void;
}

function AssigneePicker({ filters, onChange }: FilterProps) {
  const { api } = useServices();
  const { data: members = [] } = useQuery(assigneesQuery(api));
  const options = [
    { value: '', label: t`Anybody` },
    { value: 'me', label: t`Me` },
    { value: 'none', label: t`Nobody` },
    ...members.map(({ userId, email }) => ({ value: userId, label: email })),
  ];
  const { assignee } = filters;
  if (assignee !== null && !options.some(({ value }) => value === assignee)) {
    options.push({ value: assignee, label: t`A former member` });
  }
  return (
    <NativeSelect
      label={t`Assigned to`}
      data={options}
      value={assignee ?? ''}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        onChange({ assignee: chosen === '' ? null : chosen });
      }}
    />
  );
}

/** The filters as a saved view keeps them. */
function viewedFilter(filters: FailureFilters): AskedView {
  const { status, ...others } = FAILURE_FILTERS.toQuery(filters);
  return { ...others, status: status ? [status] : [] };
}

/** A view without a state shows groups of all states. */
function settleView(filters: FailureFilters, { status }: ViewFilter): FailureFilters {
  return status.length === 0 ? { ...filters, status: 'ALL' } : filters;
}

/** The groups of failed runs, as an inbox. */
export default function FailuresPage() {
  const { api } = useServices();
  const [filters, change] = useFilters(FAILURE_FILTERS);
  const list = useInfiniteQuery({
    ...failuresQuery(api, filters),
    placeholderData: keepPreviousData,
  });
  const groups = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const isComplete = list.data?.pages.every((each) => each.isComplete) ?? true;
  const byCount = filters.order === 'count';
  return (
    <div className={page.page}>
      <title>{t`Failures · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Failures`}</h1>
        <ViewsMenu
          list="FAILURES"
          plural={t`failures`}
          state={FAILURE_FILTERS}
          filter={viewedFilter(filters)}
          settle={settleView}
        />
      </div>
      <p className={page.muted}>
        {t`Runs that failed in the same way are one failure. Assign it, rerun its runs, and resolve it.`}
      </p>
      <IgnoredParameters states={[FAILURE_FILTERS]} />
      <FilterBar
        label={t`Filter failures`}
        chips={
          <StatusChips
            label={t`State`}
            options={GROUP_STATUSES}
            value={filters.status === 'ALL' ? null : filters.status}
            onChange={(status) => {
              change({ status: status ?? 'ALL' });
            }}
          />
        }
      >
        <AutomationPicker
          value={filters.automationId}
          onChange={(automationId) => {
            change({ automationId });
          }}
        />
        <AssigneePicker filters={filters} onChange={change} />
        <NativeSelect
          label={t`Order`}
          data={ORDERS}
          value={filters.order}
          onChange={(event) => {
            change({ order: event.currentTarget.value === 'count' ? 'count' : 'newest' });
          }}
        />
        <PeriodPicker label={t`Run created`} period={filters} onChange={change} />
      </FilterBar>
      {list.error && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && (
        <div role="status" aria-label={t`Loading failures`} className={page.loading}>
          {Array.from({ length: 5 }, (_, row) => (
            <Skeleton key={row} height={124} />
          ))}
        </div>
      )}
      {list.data && (
        <section aria-label={t`Results`} aria-busy={list.isPlaceholderData} className={page.results}>
          {!isComplete && (
            <Notice title={t`There are more failures`}>
              <p>
                {t`The list shows the failures with the most runs. If there are very many failures, only the most recent ones are compared. To see the others, choose an automation or a shorter period.`}
              </p>
            </Notice>
          )}
          {groups.length > 0 && (
            <FailureList
              label={byCount ? t`Failures, most runs first` : t`Failures, latest first`}
              groups={groups}
              period={filters}
            />
          )}
          {groups.length === 0 && !list.hasNextPage ? (
            <NothingFound
              plural={t`failures`}
              hint={t`All good: no failure is open.`}
              period={filters}
              isNarrowed={FAILURE_FILTERS.isNarrowed({ ...filters, order: 'newest' })}
              onClear={() => {
                const { range, from, to, order } = filters;
                change({ ...FAILURE_FILTERS.none, range, from, to, order });
              }}
              onChange={change}
            />
          ) : (
            isComplete && (
              <ListEnd
                noun={t`failure`}
                plural={t`failures`}
                shown={groups.length}
                period={periodText(filters)}
                hasMore={list.hasNextPage}
                isLoadingMore={list.isFetchingNextPage}
                loadMore={() => void list.fetchNextPage()}
              />
            )
          )}
        </section>
      )}
    </div>
  );
}
