import type { MouseEvent } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Run } from '../api/types';
import { formatDuration } from '../ui/format';
import { Status } from '../ui/Status';
import { RelativeTime, useNow } from '../ui/Time';
import { contactName, errorLine, healthText, runDuration, triggerWord } from './describe';
import classes from './RunTable.module.css';

const COLUMNS = ['Status', 'Automation', 'Contact', 'Trigger', 'Created', 'Duration', 'Error'];

/** The whole row opens its run, but for links in it and text that is being selected. */
function isPlainClick(event: MouseEvent): boolean {
  const onLink = event.target instanceof Element && event.target.closest('a, button') !== null;
  const selecting = window.getSelection()?.isCollapsed === false;
  return !onLink && !selecting && event.button === 0 && !event.metaKey && !event.ctrlKey;
}

function RunRow({ run, now }: { run: Run; now: number }) {
  const navigate = useNavigate();
  const address = `/runs/${run.id}`;
  const health = healthText(run, now);
  const contact = contactName(run.contact);
  const error = errorLine(run);
  const duration = runDuration(run, now);
  return (
    // The link in the row is the way for keyboards; the click is a larger target for pointers.
    <tr
      role="row"
      data-run={run.id}
      onClick={(event) => {
        if (isPlainClick(event)) void navigate(address);
      }}
    >
      <td role="cell" data-label="Status">
        <Status status={run.status} />
        {health !== null && <span className={classes.health}>{health}</span>}
      </td>
      <td role="cell" data-label="Automation">
        <Link to={address} className={classes.name ?? ''}>
          {run.automationName}
          <span className="visually-hidden">, run {run.id}</span>
        </Link>{' '}
        <span className={classes.muted}>v{run.version}</span>
      </td>
      <td role="cell" data-label="Contact" className={classes.contact}>
        {contact === null ? (
          <span className={classes.muted}>No contact</span>
        ) : (
          <span title={contact}>{contact}</span>
        )}
      </td>
      <td role="cell" data-label="Trigger">
        {triggerWord(run)}
      </td>
      <td role="cell" data-label="Created" className={classes.nowrap}>
        <RelativeTime time={run.createdAt} now={now} />
      </td>
      <td role="cell" data-label="Duration" className={classes.nowrap}>
        {duration === null ? <span className={classes.muted}>–</span> : formatDuration(duration)}
      </td>
      <td role="cell" data-label="Error" data-empty={error === null} className={classes.error}>
        {error !== null && <span title={error}>{error}</span>}
      </td>
    </tr>
  );
}

/** Newest first, as the API sends them. On a narrow screen each row is a card of its own. */
export function RunTable({ runs }: { runs: Run[] }) {
  const now = useNow();
  return (
    // The roles are said aloud because the cards' `display` would take them from a table.
    <table role="table" className={classes.table} aria-label="Runs, newest first">
      <thead role="rowgroup">
        <tr role="row">
          {COLUMNS.map((column) => (
            <th role="columnheader" scope="col" key={column}>
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {runs.map((run) => (
          <RunRow key={run.id} run={run} now={now} />
        ))}
      </tbody>
    </table>
  );
}
