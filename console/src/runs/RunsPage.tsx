import { Button, Skeleton } from '@mantine/core';
import { fetchRuns } from '../api/queries';
import { type Run, RUN_STATUSES } from '../api/types';
import { useServices } from '../app/context';
import { AutomationPicker } from '../lists/AutomationPicker';
import { FilterBar } from '../lists/FilterBar';
import { isCustom, useFilters } from '../lists/filters';
import { ListEnd } from '../lists/ListEnd';
import { NewRows } from '../lists/NewRows';
import { PeriodPicker } from '../lists/PeriodPicker';
import { periodWords } from '../lists/period';
import { StatusChips } from '../lists/StatusChips';
import { ContactFilter } from '../lists/TextFilter';
import { useLiveList } from '../lists/useLiveList';
import { EmptyState } from '../ui/EmptyState';
import { ErrorNotice } from '../ui/ErrorNotice';
import { RUN_FILTERS, type RunFilters } from './filters';
import classes from './RunsPage.module.css';
import { RunTable } from './RunTable';

function LoadingRows() {
  return (
    <div role="status" aria-label="Loading runs" className={classes.loading}>
      {Array.from({ length: 8 }, (_, row) => (
        <Skeleton key={row} height={44} />
      ))}
    </div>
  );
}

interface FilterProps {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

function RunFilterBar({ filters, onChange }: FilterProps) {
  return (
    <FilterBar
      label="Filter runs"
      chips={
        <StatusChips
          label="Status"
          options={RUN_STATUSES}
          value={filters.status}
          onChange={(status) => {
            onChange({ status });
          }}
        />
      }
    >
      <AutomationPicker
        value={filters.automationId}
        onChange={(automationId) => {
          onChange({ automationId });
        }}
      />
      <ContactFilter
        value={filters.contact}
        onChange={(contact) => {
          onChange({ contact });
        }}
      />
      <PeriodPicker label="Created within" period={filters} onChange={onChange} />
    </FilterBar>
  );
}

function NoRuns({ filters, onChange }: FilterProps) {
  const period = periodWords(filters);
  const narrowed = RUN_FILTERS.isNarrowed(filters);
  return (
    <EmptyState title={narrowed ? `No run ${period} matches` : `No runs ${period}`}>
      <p>
        {narrowed
          ? 'Loosen a filter or look further back.'
          : 'A run appears here the moment a trigger of an active automation fires.'}
      </p>
      <div className={classes.emptyActions}>
        {narrowed && (
          <Button
            variant="default"
            onClick={() => {
              const { range, from, to } = filters;
              onChange({ ...RUN_FILTERS.none, range, from, to });
            }}
          >
            Clear the filters
          </Button>
        )}
        {(isCustom(filters) || filters.range !== '30d') && (
          <Button
            variant="default"
            onClick={() => {
              onChange({ range: '30d', from: null, to: null });
            }}
          >
            Look back 30 days
          </Button>
        )}
      </div>
    </EmptyState>
  );
}

function isOpen({ status }: Run): boolean {
  return status === 'PENDING' || status === 'RUNNING';
}

export default function RunsPage() {
  const { api } = useServices();
  const [filters, change] = useFilters(RUN_FILTERS);
  const list = useLiveList<Run>({
    queryKey: ['runs', filters],
    fetchPage: (cursor, signal) => fetchRuns(api, RUN_FILTERS.toQuery(filters), cursor, signal),
    keyOf: ({ createdAt, id }) => `${createdAt} ${id}`,
    isOpen,
  });

  return (
    <div className={classes.page}>
      <title>Run history · Runledger</title>
      <h1>Run history</h1>
      <RunFilterBar filters={filters} onChange={change} />
      {list.error && <ErrorNotice error={list.error} onRetry={list.retry} />}
      {!list.isLoaded && !list.error && <LoadingRows />}
      {list.isLoaded && (
        <section aria-label="Runs" aria-busy={list.isOld} className={classes.results}>
          <NewRows count={list.newCount} hasGap={list.hasGap} onShow={list.showNew} />
          {list.items.length > 0 && <RunTable runs={list.items} />}
          {list.items.length === 0 && !list.hasMore ? (
            <NoRuns filters={filters} onChange={change} />
          ) : (
            <ListEnd
              noun="run"
              shown={list.items.length}
              period={periodWords(filters)}
              hasMore={list.hasMore}
              isLoadingMore={list.isLoadingMore}
              loadMore={list.loadMore}
            />
          )}
        </section>
      )}
    </div>
  );
}
