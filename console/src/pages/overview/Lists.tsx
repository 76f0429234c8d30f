import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Overview } from '../../shared/api/types';
import { formatDuration, formatRuns } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { groupAddress, measuredAddress } from './addresses';
import classes from './Overview.module.css';

interface Props {
  overview: Overview | undefined;
}

interface PanelProps<Item> {
  title: string;
  items: readonly Item[] | undefined;
  empty: string;
  note?: ReactNode;
  children: (item: Item) => ReactNode;
}

function ListPanel<Item>({ title, items, empty, note, children }: PanelProps<Item>) {
  return (
    <section className={classes.panel} aria-label={title}>
      <h2>{title}</h2>
      {items === undefined && <Skeleton height={160} />}
      {items?.length === 0 && <p className={classes.note}>{empty}</p>}
      {items !== undefined && items.length > 0 && <ul aria-label={title}>{items.map(children)}</ul>}
      {note}
    </section>
  );
}

export function NewestFailures({ overview, now }: Props & { now: number }) {
  return (
    <ListPanel
      title={t`Newest failures`}
      items={overview?.newestFailures}
      empty={t`No open failures in the last 24 hours.`}
    >
      {(group) => (
        <li key={group.id} className={classes.item}>
          <Link
            to={overview ? groupAddress(overview, group.id) : '/runs'}
            className={classes.title ?? ''}
            title={group.title}
          >
            {group.title}
          </Link>
          <span className={classes.value}>{formatRuns(group.count)}</span>
          <span className={classes.muted}>
            {group.automationName ?? t`A deleted automation`}
            {' · '}
            <RelativeTime time={group.lastSeenAt} now={now} />
          </span>
        </li>
      )}
    </ListPanel>
  );
}

export function NextFires({ overview, now }: Props & { now: number }) {
  return (
    <ListPanel
      title={t`Date automations`}
      items={overview?.nextFires}
      empty={t`No active automation starts by date.`}
    >
      {(fire) => (
        <li key={fire.automationId} className={classes.item}>
          <Link to={`/automations/${fire.automationId}`} className={classes.title ?? ''}>
            {fire.automationName}
          </Link>
          <span className={classes.value}>
            <RelativeTime time={fire.nextFireAt} now={now} />
          </span>
          {fire.isHeld && (
            <span className={classes.muted}>{t`Held: its runs start after the release`}</span>
          )}
        </li>
      )}
    </ListPanel>
  );
}

function Measured({ overview }: { overview: Overview }) {
  const { count, isComplete } = overview.measuredRuns;
  return (
    <p className={classes.note}>
      {isComplete
        ? t`Measured in all finished runs of the last 24 hours (${formatRuns(count)}). Wait nodes are not measured.`
        : t`Measured in the newest finished runs only (${formatRuns(count)}). Wait nodes are not measured.`}
    </p>
  );
}

export function SlowestNodes({ overview }: Props) {
  return (
    <ListPanel
      title={t`Slowest nodes`}
      items={overview?.slowestNodes}
      empty={t`No finished run of the last 24 hours visited a node whose time is measured.`}
      note={overview && overview.slowestNodes.length > 0 && <Measured overview={overview} />}
    >
      {({ automationId, automationName, nodeId, p95Ms }) => (
        <li key={`${automationId} ${nodeId}`} className={classes.item}>
          <Link
            to={overview ? measuredAddress(overview, automationId) : '/runs'}
            className={classes.title ?? ''}
          >
            {nodeId}
          </Link>
          <span className={classes.value} title={t`95% of the node’s visits were this fast or faster`}>
            {formatDuration(p95Ms)}
          </span>
          <span className={classes.muted}>{automationName}</span>
        </li>
      )}
    </ListPanel>
  );
}
