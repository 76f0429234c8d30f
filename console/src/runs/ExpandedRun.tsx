import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'react-router';
import { runQuery } from '../api/queries';
import type { Run } from '../api/types';
import { useServices } from '../app/context';
import type { ListState } from '../ui/Detail';
import { ErrorNotice } from '../ui/ErrorNotice';
import { useNow } from '../ui/Time';
import classes from './ExpandedRun.module.css';
import { StepTrace } from './StepTrace';

/** A run's steps inside of the list. */
export function ExpandedRun({ run: row }: { run: Run }) {
  const { api } = useServices();
  const now = useNow(1_000);
  const { search } = useLocation();
  const [openSteps, setOpenSteps] = useState<string[]>([]);
  const { data: run, error, refetch } = useQuery(runQuery(api, row.id));

  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!run) {
    return (
      <div role="status" aria-label="Loading the steps">
        <Skeleton height={120} />
      </div>
    );
  }
  return (
    <div className={classes.expanded}>
      {run.error && (
        <p className={classes.error}>
          {run.error.nodeId !== null && <strong>{run.error.nodeId}: </strong>}
          {run.error.message}
        </p>
      )}
      <StepTrace
        run={run}
        openSteps={openSteps}
        now={now}
        onToggle={(nodeId, open) => {
          setOpenSteps((current) => {
            const others = current.filter((id) => id !== nodeId);
            return open ? [...others, nodeId] : others;
          });
        }}
        onMove={(from, to) => {
          setOpenSteps((current) => [...current.filter((id) => id !== from && id !== to), to]);
        }}
      />
      <Link
        to={`/runs/${run.id}`}
        state={{ list: search } satisfies ListState}
        className={classes.open ?? ''}
      >
        Open the run’s page
      </Link>
    </div>
  );
}
