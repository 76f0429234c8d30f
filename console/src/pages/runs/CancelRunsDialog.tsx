import { Button, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CancelOutcome, Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import type { AskedFilters } from '../../shared/lists/exports';
import { Dialog, DialogActions } from '../../shared/ui/Dialog';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { formatCount } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import classes from './CancelDialog.module.css';
import { contactName } from './describe';
import { cancellationQuery, cancelRuns } from './queries';

/** The reason that a dry run sends. */
const PREVIEW = 'preview';

function runs(count: number): string {
  return count === 1 ? 'one run' : `${formatCount(count)} runs`;
}

function Sample({ sample, matched }: { sample: Run[]; matched: number }) {
  return (
    // It may scroll, which the keyboard can do only where it can stand.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <ul className={classes.sample} aria-label="Some of them" tabIndex={0}>
      {sample.map((run) => (
        <li key={run.id}>
          <Status status={run.status} /> {run.automationName}
          <span className={classes.muted}> for {contactName(run.contact) ?? 'no contact'}</span>
        </li>
      ))}
      {matched > sample.length && (
        <li className={classes.muted}>and {runs(matched - sample.length)} more</li>
      )}
    </ul>
  );
}

function Done({ started, onClose }: { started: CancelOutcome; onClose: () => void }) {
  const { api } = useServices();
  const { data: outcome, error } = useQuery(cancellationQuery(api, started));
  const left = outcome.matched - outcome.canceled;
  return (
    <>
      <Notice title={`${runs(outcome.canceled)} canceled`.replace(/^o/, 'O')}>
        {!outcome.isComplete && (
          <p>
            What is left follows within minutes, with runs opened just before you asked; you may
            close this, the cancellation goes on.
          </p>
        )}
        {outcome.isComplete && left > 0 && <p>{runs(left)} had ended by themselves before.</p>}
      </Notice>
      {error && <ErrorNotice error={error} />}
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </>
  );
}

interface Props {
  filter: AskedFilters;
  onClose: () => void;
}

/** Cancels every open run that the filters match, after showing how many and which. */
export default function CancelRunsDialog({ filter, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const preview = useQuery({
    queryKey: ['cancel-preview', filter],
    queryFn: () => cancelRuns(api, filter, PREVIEW, true),
    gcTime: 0,
    retry: false,
  });
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => cancelRuns(api, filter, reason.trim(), false),
    networkMode: 'always',
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['runs'] });
      void queries.invalidateQueries({ queryKey: ['counts'] });
    },
  });
  const found = preview.data;
  return (
    <Dialog title="Cancel every open run of this list?" opened onClose={onClose}>
      {data ? (
        <Done started={data} onClose={onClose} />
      ) : (
        <>
          {preview.isPending && (
            <div role="status" aria-label="Looking for open runs">
              <Skeleton height={90} />
            </div>
          )}
          {preview.error && <ErrorNotice error={preview.error} />}
          {found && (
            <>
              <p>
                {found.matched === 0 ? (
                  'No open run matches the filters: there is nothing to cancel.'
                ) : (
                  <>
                    This ends{' '}
                    <strong>
                      {found.isComplete ? '' : 'at least '}
                      {runs(found.matched)}
                    </strong>{' '}
                    where they are. What they have done stays done; nothing starts them again.
                  </>
                )}
              </p>
              {found.matched > 0 && (
                <>
                  <Sample sample={found.sample} matched={found.matched} />
                  <TextInput
                    label="Reason"
                    description="Stands on every one of them, with your name."
                    required
                    withAsterisk={false}
                    maxLength={120}
                    value={reason}
                    onChange={(event) => {
                      setReason(event.currentTarget.value);
                    }}
                  />
                </>
              )}
            </>
          )}
          {error && <ErrorNotice error={error} />}
          <DialogActions>
            <Button variant="default" onClick={onClose}>
              Keep them
            </Button>
            {found !== undefined && found.matched > 0 && (
              <Button
                color="red"
                loading={isPending}
                disabled={reason.trim() === ''}
                onClick={() => {
                  mutate();
                }}
              >
                Cancel {runs(found.matched)}
              </Button>
            )}
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
