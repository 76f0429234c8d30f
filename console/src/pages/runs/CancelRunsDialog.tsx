import { Button, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CancelOutcome } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import type { AskedFilters } from '../../shared/lists/exports';
import { Dialog, DialogActions } from '../../shared/ui/Dialog';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { capitalize, formatRuns } from '../../shared/ui/format';
import { BulkProgress } from './BulkProgress';
import { cancellationQuery, cancelRuns } from './queries';
import { RunSample } from './RunSample';

/** The reason that a dry run sends. */
const PREVIEW = 'preview';

function Done({ started, onClose }: { started: CancelOutcome; onClose: () => void }) {
  const { api } = useServices();
  const { data: outcome, error } = useQuery(cancellationQuery(api, started));
  const left = outcome.matched - outcome.canceled;
  return (
    <BulkProgress
      title={capitalize(`${formatRuns(outcome.canceled)} canceled`)}
      error={error}
      onClose={onClose}
    >
      {!outcome.isComplete && (
        <p>
          The remaining runs, including those that were opened just before, are canceled within
          minutes. You can close this window.
        </p>
      )}
      {outcome.isComplete && left > 0 && (
        <p>{capitalize(formatRuns(left))} finished before they could be canceled.</p>
      )}
    </BulkProgress>
  );
}

interface Props {
  filter: AskedFilters;
  onClose: () => void;
}

/** Cancels every open run that matches the filters, after showing how many and examples. */
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
    <Dialog title="Cancel all open runs in this list?" opened onClose={onClose}>
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
                  'No open run matches the filters.'
                ) : (
                  <>
                    This stops{' '}
                    <strong>
                      {found.isComplete ? '' : 'at least '}
                      {formatRuns(found.matched)}
                    </strong>{' '}
                    where they are. Steps that are done are not undone, and the runs cannot be
                    resumed.
                  </>
                )}
              </p>
              {found.matched > 0 && (
                <>
                  <RunSample sample={found.sample} matched={found.matched} />
                  <TextInput
                    label="Reason"
                    description="Shown on every canceled run, with your name."
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
              Keep running
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
                Cancel {formatRuns(found.matched)}
              </Button>
            )}
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
