import { useAddressState } from '../../shared/address/addressState';
import type { Run } from '../../shared/api/types';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { triggerWord } from '../../shared/subjects/triggers';
import { formatDuration } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { RelativeTime } from '../../shared/ui/Time';
import { contactName, errorLine, healthText, runDuration, currentNodes } from './describe';
import { ExpandedRun } from './ExpandedRun';
import { openStepsOf, RUN_LIST, toggledRun, withSteps } from './openRuns';
import classes from './RunTable.module.css';

function addressOf({ id }: Run): string {
  return `/runs/${id}`;
}

const COLUMNS: Column<Run>[] = [
  {
    title: 'Status',
    width: 12,
    cell: (run, now) => {
      const health = healthText(run, now);
      return (
        <>
          <Status status={run.status} />
          {health !== null && <span className={page.note}>{health}</span>}
          {run.unreadable && <span className={page.note}>Partly unreadable</span>}
        </>
      );
    },
  },
  {
    title: 'Automation',
    width: 14,
    cell: (run) => (
      <>
        <RowLink to={addressOf(run)}>
          {run.automationName}
          <span className="visually-hidden">, run {run.id}</span>
        </RowLink>{' '}
        <span className={page.muted}>v{run.version}</span>
        {run.rerunOf && <span className={page.note}>Rerun</span>}
        {run.recoveredBy && <span className={page.note}>Recovered by a rerun</span>}
      </>
    ),
  },
  {
    title: 'Contact',
    width: 21,
    cell: ({ contact }) => {
      const name = contactName(contact);
      if (name === null) return <span className={page.muted}>No contact</span>;
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
    title: 'Trigger',
    width: 8.5,
    cell: (run) => <span className={page.nowrap}>{triggerWord(run)}</span>,
  },
  {
    title: 'Started',
    width: 9,
    cell: ({ startedAt }, now) =>
      startedAt === null ? (
        <span className={page.muted}>Not yet</span>
      ) : (
        <span className={page.nowrap}>
          <RelativeTime time={startedAt} now={now} />
        </span>
      ),
  },
  {
    title: 'Duration',
    width: 9,
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
    title: 'Step',
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
    title: 'Error',
    isWide: true,
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

/** Runs, newest first, as the API sends them. A row expands to show its steps. */
export function RunTable({ runs }: { runs: Run[] }) {
  const [{ open }, change] = useAddressState(RUN_LIST);
  return (
    <RowTable
      label="Runs, newest first"
      columns={COLUMNS}
      rows={runs}
      addressOf={addressOf}
      expansion={{
        isOpen: ({ id }) => openStepsOf(open, id) !== null,
        onToggle: ({ id }) => {
          change(({ open: runs }) => ({ open: toggledRun(runs, id) }), 'replace');
        },
        label: ({ id }) => `the steps of run ${id}`,
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
