import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';
import { runsQuery } from '../api/queries';
import { useServices } from '../app/context';
import { EmptyState } from '../ui/EmptyState';
import { ErrorNotice } from '../ui/ErrorNotice';
import { isFiltered, NO_FILTERS, readFilters, type RunFilters, writeFilters } from './filters';
import { RunFilterBar } from './RunFilters';
import classes from './RunsPage.module.css';
import { RunTable } from './RunTable';

const RANGE_WORDS = { '24h': '24 hours', '7d': '7 days', '30d': '30 days' } as const;

function LoadingRows() {
  return (
    <div role="status" aria-label="Loading runs" className={classes.loading}>
      {Array.from({ length: 8 }, (_, row) => (
        <Skeleton key={row} height={44} />
      ))}
    </div>
  );
}

interface NoRunsProps {
  filters: RunFilters;
  onChange: (filters: RunFilters) => void;
}

function NoRuns({ filters, onChange }: NoRunsProps) {
  const range = RANGE_WORDS[filters.range];
  return (
    <EmptyState
      title={isFiltered(filters) ? `No run of the last ${range} matches` : `No runs in the last ${range}`}
    >
      <p>
        {isFiltered(filters)
          ? 'Loosen a filter or look further back.'
          : 'A run appears here the moment a trigger of an active automation fires.'}
      </p>
      <div className={classes.emptyActions}>
        {isFiltered(filters) && (
          <Button
            variant="default"
            onClick={() => {
              onChange({ ...NO_FILTERS, range: filters.range });
            }}
          >
            Clear the filters
          </Button>
        )}
        {filters.range !== '30d' && (
          <Button
            variant="default"
            onClick={() => {
              onChange({ ...filters, range: '30d' });
            }}
          >
            Look back 30 days
          </Button>
        )}
      </div>
    </EmptyState>
  );
}

export function RunsPage() {
  const { api } = useServices();
  const [parameters, setParameters] = useSearchParams();
  const filters = readFilters(parameters);
  const query = useInfiniteQuery(runsQuery(api, filters));
  // A run opened between two page requests can be listed by both.
  const runs = [
    ...new Map(query.data?.pages.flatMap(({ items }) => items).map((run) => [run.id, run])).values(),
  ];

  function change(next: RunFilters) {
    setParameters((current) => writeFilters(current, next));
  }

  return (
    <div className={classes.page}>
      <title>Run history · Runledger</title>
      <h1>Run history</h1>
      <RunFilterBar filters={filters} onChange={change} />
      {query.error && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <LoadingRows />}
      {query.data && (
        <section aria-label="Runs" aria-busy={query.isPlaceholderData} className={classes.results}>
          {runs.length > 0 && <RunTable runs={runs} />}
          {runs.length === 0 && !query.hasNextPage && <NoRuns filters={filters} onChange={change} />}
          {query.hasNextPage ? (
            <div className={classes.more}>
              {runs.length === 0 && (
                <p>Nothing among the newest runs. Older ones were not searched yet.</p>
              )}
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Load more
              </Button>
            </div>
          ) : (
            runs.length > 0 && (
              <p className={classes.end}>
                {runs.length === 1 ? 'One run' : `${runs.length} runs`} in the last{' '}
                {RANGE_WORDS[filters.range]}. No older ones match.
              </p>
            )
          )}
        </section>
      )}
    </div>
  );
}
