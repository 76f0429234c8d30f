import { Button } from '@mantine/core';
import { IconBan, IconDownload, IconPlayerSkipForward, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { isOpenRun } from '../../shared/api/queries';
import type { Run } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { countsQuery } from '../../shared/lists/counts';
import { periodQuery, useFilters } from '../../shared/lists/filters';
import { ListResults, NothingFound } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { useLiveList } from '../../shared/lists/useLiveList';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { FallbackBoundary } from '../../shared/ui/FallbackBoundary';
import { chartNote } from './chartNote';
import { fetchRuns, statsQuery } from './queries';
import { RunFilterBar } from './RunFilterBar';
import classes from './RunsPage.module.css';
import { RunTable } from './RunTable';

// The chart library is loaded separately, so that the list does not wait for it.
const RunChart = lazy(() => import('./RunChart'));
const ExportDialog = lazy(() => import('../../shared/lists/ExportDialog'));
const RecoveryDialog = lazy(() => import('../../shared/subjects/RecoveryDialog'));
const CancelRunsDialog = lazy(() => import('./CancelRunsDialog'));
const SkipWaitsDialog = lazy(() => import('./SkipWaitsDialog'));

interface FilterProps {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

/** The chart of runs over time. It only follows the automation and period filters. */
function Chart({ filters, isWanted, onChange }: FilterProps & { isWanted: boolean }) {
  const { api } = useServices();
  const asked = { automationId: filters.automationId, ...periodQuery(filters) };
  const { data: stats, error, refetch } = useQuery(statsQuery(api, asked));
  const note = chartNote(filters);
  // The chart's space is reserved, so that the rows below do not move.
  const place = <div className={classes.chart} />;
  if (stats === null) return null;
  if (stats === undefined && error) {
    return (
      <div className={classes.chart}>
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </div>
    );
  }
  if (stats === undefined || !isWanted) return place;
  return (
    <FallbackBoundary fallback={null}>
      <Suspense fallback={place}>
        <RunChart
          stats={stats}
          note={note}
          onBrush={(begin, end) => {
            onChange({ from: begin, to: end });
          }}
        />
      </Suspense>
    </FallbackBoundary>
  );
}

interface ActionProps {
  filters: RunFilters;
  total: number | undefined;
}

function Actions({ filters, total }: ActionProps) {
  const [dialog, setDialog] = useState<'export' | 'cancel' | 'recover' | 'skip' | null>(null);
  const close = () => {
    setDialog(null);
  };
  const filter = RUN_FILTERS.toQuery(filters);
  const mayMatchFailed = filters.status === null || filters.status === 'FAILED';
  const mayMatchOpen = filters.status === null || filters.status === 'PENDING' || filters.status === 'RUNNING';
  const mayMatchWaiting = filters.status === null || filters.status === 'RUNNING';
  return (
    <div className={classes.actions}>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => {
          setDialog('export');
        }}
      >
        Export…
      </Button>
      {mayMatchFailed && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconRefresh size={16} aria-hidden />}
          onClick={() => {
            setDialog('recover');
          }}
        >
          Rerun failed runs…
        </Button>
      )}
      {mayMatchWaiting && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlayerSkipForward size={16} aria-hidden />}
          onClick={() => {
            setDialog('skip');
          }}
        >
          Skip waits…
        </Button>
      )}
      {mayMatchOpen && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconBan size={16} aria-hidden />}
          onClick={() => {
            setDialog('cancel');
          }}
        >
          Cancel open runs…
        </Button>
      )}
      <Suspense fallback={null}>
        {dialog === 'export' && (
          <ExportDialog list="RUNS" plural="runs" filter={filter} total={total} onClose={close} />
        )}
        {dialog === 'recover' && <RecoveryDialog selection={{ filter }} onClose={close} />}
        {dialog === 'skip' && <SkipWaitsDialog filter={filter} onClose={close} />}
        {dialog === 'cancel' && <CancelRunsDialog filter={filter} onClose={close} />}
      </Suspense>
    </div>
  );
}

export default function RunsPage() {
  const { api } = useServices();
  const mayAct = useAllows('MEMBER');
  const [filters, change] = useFilters(RUN_FILTERS);
  const counted = RUN_FILTERS.toQuery({ ...filters, status: null });
  const counts = useQuery(
    countsQuery(['runs', counted], (signal) =>
      api.get('/v1/runs/counts', { query: counted, signal }),
    ),
  );
  const list = useLiveList<Run>({
    queryKey: ['runs', filters],
    fetchPage: (cursor, signal) => fetchRuns(api, filters, cursor, signal),
    isOpen: isOpenRun,
  });
  const exact = counts.data?.isComplete ? counts.data : undefined;
  const total = filters.status === null ? exact?.total : exact?.counts[filters.status];

  return (
    <div className={page.page}>
      <title>Run history · Runledger</title>
      <div className={page.titleRow}>
        <h1>Run history</h1>
        {mayAct && <Actions filters={filters} total={total} />}
      </div>
      <RunFilterBar filters={filters} counts={counts.data} onChange={change} />
      {/* Its library is asked for once the rows are there. */}
      <Chart filters={filters} isWanted={list.isLoaded} onChange={change} />
      <ListResults
        noun="run"
        plural="runs"
        period={filters}
        list={list}
        empty={
          <NothingFound
            plural="runs"
            hint="A run appears here when a trigger of an active automation fires."
            period={filters}
            isNarrowed={RUN_FILTERS.isNarrowed(filters)}
            onClear={() => {
              const { range, from, to } = filters;
              change({ ...RUN_FILTERS.none, range, from, to });
            }}
            onChange={change}
          />
        }
      >
        {(runs) => <RunTable runs={runs} />}
      </ListResults>
    </div>
  );
}
