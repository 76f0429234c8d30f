import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import { Link } from 'react-router';
import { useAddressState } from '../../shared/address/addressState';
import type { Run } from '../../shared/api/types';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { triggerWord } from '../../shared/subjects/triggers';
import { formatDuration, formatWord } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { RelativeTime } from '../../shared/ui/Time';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import {
  contactName,
  currentNodes,
  errorLine,
  healthText,
  runDuration,
  shownStatus,
} from './describe';
import { openStepsOf, RUN_LIST, toggledRun, withSteps } from './openRuns';
import classes from './RunTable.module.css';

// Most rows are never expanded.
const { Component: ExpandedRun } = lazyComponent(() => import('./ExpandedRun'), <Skeleton height={120} />);

function addressOf({ id }: Run): string {
  return `/runs/${id}`;
}

const COLUMNS: Column<Run>[] = [
  {
    title: t`Status`,
    width: 11.5,
    line: 1,
    cell: (run, now) => {
      const health = healthText(run, now);
      return (
        <>
          <RowLink to={addressOf(run)} label={t`${formatWord(shownStatus(run))}, run ${run.id}`}>
            <Status status={shownStatus(run)} />
          </RowLink>
          {health !== null && <span className={classes.note}>{health}</span>}
          {run.unreadable && <span className={classes.note}>{t`Partly unreadable`}</span>}
        </>
      );
    },
  },
  {
    title: t`Automation`,
    width: 12.5,
    line: 1,
    isFlexible: true,
    cell: (run) => (
      <>
        <Link to={`/automations/${run.automationId}`}>{run.automationName}</Link>{' '}
        <span className={page.muted}>{t`v${run.version}`}</span>
        {run.rerunOf && <span className={classes.note}>{t`Rerun`}</span>}
        {run.recoveredBy && <span className={classes.note}>{t`Recovered by a rerun`}</span>}
      </>
    ),
  },
  {
    title: t`Contact`,
    width: 20,
    line: 2,
    isFlexible: true,
    cell: ({ contact }) => {
      const name = contactName(contact);
      if (name === null) return <span className={page.muted}>{t`No contact`}</span>;
      // Never cut, because it distinguishes the rows; a long address breaks before its domain.
      const [user = '', ...host] = name.split('@');
      return (
        <>
          {user}
          <wbr />
          {host.map((part) => `@${part}`)}
        </>
      );
    },
  },
  {
    title: t`Trigger`,
    width: 7,
    cell: (run) => <span className={page.nowrap}>{triggerWord(run)}</span>,
  },
  {
    title: t`Started`,
    width: 8.5,
    line: 1,
    cell: ({ startedAt }, now) =>
      startedAt === null ? (
        <span className={page.muted}>{t`Not yet`}</span>
      ) : (
        <span className={page.nowrap}>
          <RelativeTime time={startedAt} now={now} />
        </span>
      ),
  },
  {
    title: t`Duration`,
    width: 8.5,
    cell: (run, now) => {
      const duration = runDuration(run, now);
      return duration === null ? (
        <span className={page.muted}>–</span>
      ) : (
        <span className={page.nowrap}>{formatDuration(duration)}</span>
      );
    },
  },
  {
    title: t`Step`,
    width: 7.5,
    cell: (run) => {
      const at = currentNodes(run);
      return at === null ? null : (
        <span className={classes.line} title={at}>
          {at}
        </span>
      );
    },
  },
  {
    title: t`Error`,
    line: 2,
    isFlexible: true,
    cell: (run) => {
      const why = errorLine(run);
      return why === null ? null : (
        <span className={classes.line} data-bad={run.error !== null} title={why}>
          {why}
        </span>
      );
    },
  },
];

/** Runs in the order in which the API sends them. A row leads to its run; its button shows the steps. */
export function RunTable({ runs }: { runs: Run[] }) {
  const [{ open, order }, change] = useAddressState(RUN_LIST);
  return (
    <RowTable
      label={order === 'oldest' ? t`Runs, oldest first` : t`Runs, newest first`}
      columns={COLUMNS}
      rows={runs}
      addressOf={addressOf}
      expansion={{
        isOpen: ({ id }) => openStepsOf(open, id) !== null,
        onToggle: ({ id }) => {
          change(({ open: runs }) => ({ open: toggledRun(runs, id) }), 'replace');
        },
        label: ({ id }) => t`the steps of run ${id}`,
        content: (run) => (
          <ExpandedRun
            run={run}
            openSteps={openStepsOf(open, run.id) ?? []}
            onChange={(next) => {
              change(({ open: runs }) => ({ open: withSteps(runs, run.id, next) }), 'replace');
            }}
          />
        ),
      }}
    />
  );
}
