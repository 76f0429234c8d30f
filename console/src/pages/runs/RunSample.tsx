import { t } from '@lingui/core/macro';
import type { Run } from '../../shared/api/types';
import { formatRuns } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import classes from './CancelDialog.module.css';
import { contactName, shownStatus } from './describe';

/** Some of the runs that an action matches, and how many more there are. */
export function RunSample({ sample, matched }: { sample: Run[]; matched: number }) {
  return (
    // The list may scroll, so the keyboard must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <ul className={classes.sample} aria-label={t`Examples`} tabIndex={0}>
      {sample.map((run) => (
        <li key={run.id}>
          <Status status={shownStatus(run)} /> {run.automationName}
          <span className={classes.muted}> · {contactName(run.contact) ?? t`No contact`}</span>
        </li>
      ))}
      {matched > sample.length && (
        <li className={classes.muted}>{t`and ${formatRuns(matched - sample.length)} more`}</li>
      )}
    </ul>
  );
}
