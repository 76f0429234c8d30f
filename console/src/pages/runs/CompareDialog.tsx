import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { Dialog } from '../../shared/ui/Dialog';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import list from '../../shared/ui/SimpleList.module.css';
import { Status } from '../../shared/ui/Status';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import classes from './CancelDialog.module.css';
import { contactName, errorLine } from './describe';
import { comparableRunsQuery } from './queries';

function comparisonAddress(run: Run, otherId: string): string {
  return `/runs/${run.id}/compare/${otherId}`;
}

function nameOf({ contact }: Run): string {
  return contactName(contact) ?? t`No contact`;
}

interface ListProps {
  title: string;
  run: Run;
  others: readonly Run[];
}

function Others({ title, run, others }: ListProps) {
  const now = useNow(60_000);
  if (others.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className={list.list} aria-label={title}>
        {others.map((other) => (
          <li key={other.id} className={list.item}>
            <div className={list.words}>
              <p className={list.title}>
                <Link
                  to={comparisonAddress(run, other.id)}
                  aria-label={t`${nameOf(other)}, run ${other.id}`}
                >
                  {nameOf(other)}
                </Link>
              </p>
              <p className={list.facts}>
                <Trans>
                  version {other.version}, <RelativeTime time={other.createdAt} now={now} />
                </Trans>
              </p>
              {other.error && <p className={list.facts}>{errorLine(other)}</p>}
            </div>
            <Status status={other.status} />
          </li>
        ))}
      </ul>
    </>
  );
}

/** Asks with which run of the same automation a run is compared, or takes any run's id. */
export default function CompareDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const { api } = useServices();
  const navigate = useNavigate();
  const [otherId, setOtherId] = useState('');
  const { data, error } = useQuery(comparableRunsQuery(api, run));

  function compare(event: SubmitEvent) {
    event.preventDefault();
    void navigate(comparisonAddress(run, otherId.trim()));
  }

  return (
    <Dialog title={t`Compare with which run?`} opened isWide onClose={onClose}>
      {error && <ErrorNotice error={error} />}
      {!data && !error && <p role="status">{t`Loading the runs of this automation…`}</p>}
      {data && (
        <>
          <Others title={t`Last completed runs`} run={run} others={data.completed} />
          <Others title={t`Last runs`} run={run} others={data.others} />
          {data.completed.length + data.others.length === 0 && (
            <p className={classes.muted}>{t`This automation has no other run.`}</p>
          )}
        </>
      )}
      <form className={classes.form} onSubmit={compare}>
        <TextInput
          label={t`Or a run’s id`}
          placeholder={t`run_…`}
          value={otherId}
          onChange={(event) => {
            setOtherId(event.currentTarget.value);
          }}
        />
        <div>
          <Button type="submit" variant="default" disabled={otherId.trim() === ''}>
            {t`Compare`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
