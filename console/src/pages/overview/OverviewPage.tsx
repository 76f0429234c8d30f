import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Overview } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import page from '../../shared/lists/ListPage.module.css';
import type { RunFilters } from '../../shared/subjects/runs';
import { EmptyState } from '../../shared/ui/EmptyState';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { usedLocale } from '../../shared/ui/locale';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import {
  bouncesAddress,
  deadLettersAddress,
  failuresAddress,
  healthAddress,
  hourAddress,
  refusalsAddress,
} from './addresses';
import { NewestFailures, NextFires, SlowestNodes } from './Lists';
import classes from './Overview.module.css';
import { overviewQuery } from './queries';
import { Tile, TileGroup } from './Tile';
import { EarlierWeeks, Usually } from './Usual';

/** Undefined values are shown as skeletons of the same size. */
interface Props {
  overview: Overview | undefined;
}

function LastHour({ overview }: Props) {
  const hour = overview?.lastHour;
  const isWorse = hour?.usual ? hour.failed > hour.usual.failed : true;
  return (
    <TileGroup title={t`Last hour`}>
      <Tile
        label={t`Runs`}
        count={hour?.runs}
        isComplete={hour?.isComplete}
        to={hour && hourAddress(hour)}
      >
        {hour && <Usually count={hour.usual?.runs} />}
      </Tile>
      <Tile
        label={t`Failed`}
        count={hour?.failed}
        isComplete={hour?.isComplete}
        to={hour && hourAddress(hour, 'FAILED')}
        tone={isWorse ? 'bad' : undefined}
      >
        {hour && <Usually count={hour.usual?.failed} />}
      </Tile>
      <Tile
        label={t`Completed`}
        count={hour?.completed}
        isComplete={hour?.isComplete}
        to={hour && hourAddress(hour, 'COMPLETED')}
      />
      <Tile
        label={t`Canceled`}
        count={hour?.canceled}
        isComplete={hour?.isComplete}
        to={hour && hourAddress(hour, 'CANCELED')}
      />
    </TileGroup>
  );
}

function OpenRuns({ overview }: Props) {
  const open = overview?.openRuns;
  const isComplete = open?.isComplete;
  const address = (health: RunFilters['health']) => overview && healthAddress(overview, health);
  return (
    <TileGroup title={t`Open now`}>
      <Tile
        label={t`Running`}
        count={open?.byHealth.RUNNING}
        isComplete={isComplete}
        to={address('RUNNING')}
      />
      <Tile
        label={t`Waiting`}
        count={open?.byHealth.WAITING}
        isComplete={isComplete}
        to={address('WAITING')}
      />
      <Tile
        label={t`Not started yet`}
        count={open?.byHealth.QUEUED}
        isComplete={isComplete}
        to={address('QUEUED')}
      />
      <Tile
        label={t`Overdue`}
        count={open?.byHealth.OVERDUE}
        isComplete={open?.isOverdueComplete}
        to={address('OVERDUE')}
        tone="bad"
      >
        {t`Runs without progress`}
      </Tile>
    </TileGroup>
  );
}

function LastDay({ overview }: Props) {
  return (
    <TileGroup title={t`Last 24 hours`}>
      <Tile
        label={t`Open failure groups`}
        count={overview?.openFailures.count}
        isComplete={overview?.openFailures.isComplete}
        to={overview && failuresAddress(overview)}
        tone="bad"
      />
      <Tile
        label={t`Refused events`}
        count={overview?.refusals.total}
        isComplete={overview?.refusals.isComplete}
        to={overview && refusalsAddress(overview)}
        tone="waiting"
      />
      <Tile
        label={t`Bounced messages`}
        count={overview?.bounces.count}
        isComplete={overview?.bounces.isComplete}
        to={overview && bouncesAddress(overview)}
        tone="waiting"
      />
      <Tile
        label={t`Dead-lettered messages`}
        count={overview?.deadLetters.count}
        isComplete={overview?.deadLetters.isComplete}
        to={overview && deadLettersAddress(overview)}
        tone="bad"
      />
    </TileGroup>
  );
}

function NewWorkspace() {
  const mayEdit = useAllows('ADMIN');
  return (
    <EmptyState title={t`No automations yet`}>
      <p>
        {t`An automation runs when an event arrives, on a date, or when you start it. Its runs appear here.`}
      </p>
      {mayEdit ? (
        <Button component={Link} to="/automations/new">
          {t`Create your first automation`}
        </Button>
      ) : (
        <p>{t`An admin of the workspace can create automations.`}</p>
      )}
    </EmptyState>
  );
}

export default function OverviewPage() {
  const { api } = useServices();
  const now = useNow();
  const { data: overview, error, refetch } = useQuery(overviewQuery(api, usedLocale().zone));
  const isNew = overview?.automations.count === 0;
  const hasSomething = overview !== undefined || error === null;
  return (
    <div className={page.page}>
      <title>{t`Overview · Runledger`}</title>
      <div className={page.titleRow}>
        <h1>{t`Overview`}</h1>
        {overview && (
          <p className={page.muted}>
            <Trans>
              Counted <RelativeTime time={overview.at} now={now} />
            </Trans>
          </p>
        )}
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {isNew && <NewWorkspace />}
      {!isNew && hasSomething && (
        <>
          {!overview && <div role="status" aria-label={t`Loading the overview`} />}
          <LastHour overview={overview} />
          <EarlierWeeks hour={overview?.lastHour} now={now} />
          <OpenRuns overview={overview} />
          <LastDay overview={overview} />
          <div className={classes.panels}>
            <NewestFailures overview={overview} now={now} />
            <NextFires overview={overview} now={now} />
            <SlowestNodes overview={overview} />
          </div>
        </>
      )}
    </div>
  );
}
