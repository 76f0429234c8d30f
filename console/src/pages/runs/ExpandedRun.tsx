import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { runQuery } from '../../shared/api/queries';
import type { Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { useListState } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { useNow } from '../../shared/ui/Time';
import classes from './ExpandedRun.module.css';
import { RunKeys } from './RunKeys';
import { moved, toggled } from './stepNavigation';
import { StepTrace } from './StepTrace';

interface Props {
  run: Run;
  openSteps: readonly string[];
  onChange: (next: (openSteps: readonly string[]) => readonly string[]) => void;
}

/** The steps of a run, expanded in the list. */
export default function ExpandedRun({ run: row, openSteps, onChange }: Props) {
  const { api } = useServices();
  const now = useNow(1_000);
  const listState = useListState();
  const { data: run, error, refetch } = useQuery(runQuery(api, row.id));

  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!run) {
    return (
      <div role="status" aria-label={t`Loading the steps`}>
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
      <RunKeys run={run} />
      <StepTrace
        run={run}
        openSteps={openSteps}
        now={now}
        onToggle={(nodeId, open) => {
          onChange((current) => toggled(current, nodeId, open));
        }}
        onMove={(from, to) => {
          onChange((current) => moved(current, from, to));
        }}
      />
      <Link to={`/runs/${run.id}`} state={listState} className={classes.open ?? ''}>
        {t`Open run page`}
      </Link>
    </div>
  );
}
