import { t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconBan, IconChartBar, IconDownload, IconPlayerSkipForward, IconRefresh } from '@tabler/icons-react';
import { type QueryClient, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useAddressState } from '../../shared/address/addressState';
import type { ApiClient } from '../../shared/api/client';
import { isOpenRun } from '../../shared/api/queries';
import type { Run } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { useFilters } from '../../shared/lists/filters';
import { IgnoredParameters } from '../../shared/lists/IgnoredParameters';
import { ListResults, NothingFound } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { liveListQuery, useLiveList } from '../../shared/lists/useLiveList';
import { viewsQuery } from '../../shared/lists/savedViews';
import { ViewsMenu } from '../../shared/lists/ViewsMenu';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import { RUN_LIST } from './openRuns';
import {
  runCountsQuery,
  runList,
  statsQuery,
  waitingCountsQuery,
} from './queries';
import { RunChart } from './RunChart';
import { RunFilterBar } from './RunFilterBar';
import classes from './RunsPage.module.css';
import { RunTable } from './RunTable';

const { Component: ExportDialog } = lazyComponent(() => import('../../shared/lists/ExportDialog'));
const { Component: RecoveryDialog } = lazyComponent(() => import('../../shared/subjects/RecoveryDialog'));
const { Component: CancelRunsDialog } = lazyComponent(() => import('./CancelRunsDialog'));
const { Component: SkipWaitsDialog } = lazyComponent(() => import('./SkipWaitsDialog'));

interface ChartProps {
  filters: RunFilters;
  onChange: (changes: Partial<RunFilters>) => void;
}

/** The chart of the list's runs over time. */
function Chart({ filters, onChange }: ChartProps) {
  const { api } = useServices();
  const asked = RUN_FILTERS.toQuery(filters);
  const { data: stats, error, isPlaceholderData, refetch } = useQuery(statsQuery(api, asked));
  if (stats === null) return null;
  if (stats === undefined) {
    // The chart's space is reserved, so that the rows below do not move.
    return (
      <div className={classes.chart}>
        {error ? (
          <ErrorNotice error={error} onRetry={() => void refetch()} />
        ) : (
          <Skeleton className={classes.chart} />
        )}
      </div>
    );
  }
  return (
    <RunChart
      stats={stats}
      isOld={isPlaceholderData}
      onBrush={(begin, end) => {
        onChange({ from: begin, to: end });
      }}
    />
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
  const { status, health } = filters;
  const mayMatchFailed = health === null && (status === null || status === 'FAILED');
  const mayMatchOpen = status === null || status === 'PENDING' || status === 'RUNNING';
  const mayMatchWaiting =
    (status === null || status === 'RUNNING') && (health === null || health === 'WAITING');
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
        {t`Export…`}
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
          {t`Rerun failed runs…`}
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
          {t`Skip waits…`}
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
          {t`Cancel open runs…`}
        </Button>
      )}
      {dialog === 'export' && (
        <ExportDialog list="RUNS" plural={t`runs`} filter={filter} total={total} onClose={close} />
      )}
      {dialog === 'recover' && <RecoveryDialog selection={{ filter }} onClose={close} />}
      {dialog === 'skip' && <SkipWaitsDialog filter={filter} onClose={close} />}
      {dialog === 'cancel' && <CancelRunsDialog filter={filter} onClose={close} />}
    </div>
  );
}

/** As in the style sheets. */
const SMALL = '(max-width: 48em)';

/** What the page shows first. The slowest call begins first; the pickers' choices come later. */
export function firstCalls(api: ApiClient, queries: QueryClient, search: string): void {
  const filters = RUN_FILTERS.read(search);
  const { order } = RUN_LIST.read(search);
  const isSmall = window.matchMedia(SMALL).matches;
  const isPlain = RUN_FILTERS.address('', filters) === '';
  // The page shows what fails.
  void Promise.allSettled([
    isSmall || queries.query(statsQuery(api, RUN_FILTERS.toQuery(filters))),
    queries.infiniteQuery(liveListQuery(runList(api, filters, order))),
    queries.query(runCountsQuery(api, filters)),
    queries.query(waitingCountsQuery(api, filters)),
    !isPlain || queries.query(viewsQuery(api, 'RUNS')),
  ]);
}

export default function RunsPage() {
  const { api } = useServices();
  const mayAct = useAllows('MEMBER');
  const isSmall = useMediaQuery(SMALL, false, { getInitialValueInEffect: false });
  const [wantsChart, setWantsChart] = useState(false);
  const [filters, change] = useFilters(RUN_FILTERS);
  const [{ order }, changeList] = useAddressState(RUN_LIST);
  const counts = useQuery(runCountsQuery(api, filters));
  const waiting = useQuery(waitingCountsQuery(api, filters));
  const list = useLiveList<Run>({ ...runList(api, filters, order), isOpen: isOpenRun });
  const exact = counts.data?.isComplete ? counts.data : undefined;
  const ofStatus = filters.status === null ? exact?.total : exact?.counts[filters.status];
  const total = filters.health === null ? ofStatus : undefined;

  return (
    <div className={page.page}>
      <title>{t`Run history · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Run history`}</h1>
        <div className={page.titleActions}>
          <ViewsMenu
            list="RUNS"
            plural={t`runs`}
            state={RUN_FILTERS}
            filter={RUN_FILTERS.toQuery(filters)}
          />
          {mayAct && <Actions filters={filters} total={total} />}
        </div>
      </div>
      <IgnoredParameters states={[RUN_FILTERS, RUN_LIST]} />
      <RunFilterBar
        filters={filters}
        counts={counts.data}
        waiting={waiting.data}
        order={order}
        onChange={change}
        onOrder={(chosen) => {
          changeList({ order: chosen }, 'push');
        }}
        beside={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconChartBar size={16} aria-hidden />}
            aria-pressed={wantsChart}
            onClick={() => {
              setWantsChart(!wantsChart);
            }}
          >
            {t`Chart`}
          </Button>
        }
      />
      {(!isSmall || wantsChart) && <Chart filters={filters} onChange={change} />}
      <ListResults
        noun={t`run`}
        plural={t`runs`}
        period={filters}
        list={list}
        empty={
          <NothingFound
            plural={t`runs`}
            hint={t`A run appears here when a trigger of an active automation fires.`}
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
