import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { CancelOutcome } from '../../shared/api/types';
import { useRepeatKey } from '../../shared/api/repeatKey';
import { useServices } from '../../shared/auth/services';
import type { AskedFilters } from '../../shared/lists/exports';
import { Dialog, DialogActions } from '../../shared/ui/Dialog';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { capitalize, formatRuns } from '../../shared/ui/format';
import { BulkProgress } from './BulkProgress';
import { cancellationQuery, cancelRuns, refreshRuns } from './queries';
import { RunSample } from './RunSample';

/** The reason that a dry run sends. */
const PREVIEW = 'preview';

function Done({ started, onClose }: { started: CancelOutcome; onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { data: outcome, error } = useQuery(cancellationQuery(api, started));
  const { canceled, isComplete } = outcome;
  // The rest is canceled in the background.
  useEffect(() => {
    if (canceled !== started.canceled || isComplete !== started.isComplete) {
      void refreshRuns(queries);
    }
  }, [queries, started, canceled, isComplete]);
  const left = outcome.matched - outcome.canceled;
  return (
    <BulkProgress
      title={capitalize(t`${formatRuns(outcome.canceled)} canceled`)}
      error={error}
      onClose={onClose}
    >
      {!outcome.isComplete && (
        <p>
          {t`The remaining runs, including those that were opened just before, are canceled within minutes. You can close this window.`}
        </p>
      )}
      {outcome.isComplete && left > 0 && (
        <p>{t`${capitalize(formatRuns(left))} finished before they could be canceled.`}</p>
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
  const repeat = useRepeatKey();
  const preview = useQuery({
    queryKey: ['cancel-preview', filter],
    queryFn: () => cancelRuns(api, filter, PREVIEW, null),
    gcTime: 0,
    retry: false,
  });
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => cancelRuns(api, filter, reason.trim(), repeat.of(reason.trim())),
    networkMode: 'always',
    // Answered only when the page behind shows the new numbers.
    onSuccess: () => refreshRuns(queries),
  });
  const found = preview.data;
  return (
    <Dialog title={t`Cancel all open runs in this list?`} opened onClose={onClose}>
      {data ? (
        <Done started={data} onClose={onClose} />
      ) : (
        <>
          {preview.isPending && (
            <div role="status" aria-label={t`Looking for open runs`}>
              <Skeleton height={90} />
            </div>
          )}
          {preview.error && <ErrorNotice error={preview.error} />}
          {found && (
            <>
              <p>
                {found.matched === 0 ? (
                  t`No open run matches the filters.`
                ) : (
                  <Trans>
                    This stops{' '}
                    <strong>
                      {found.isComplete
                        ? formatRuns(found.matched)
                        : t`at least ${formatRuns(found.matched)}`}
                    </strong>{' '}
                    where they are. Steps that are done are not undone, and the runs cannot be resumed.
                  </Trans>
                )}
              </p>
              {found.matched > 0 && (
                <>
                  <RunSample sample={found.sample} matched={found.matched} />
                  <TextInput
                    label={t`Reason`}
                    description={t`Shown on every canceled run, with your name.`}
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
              {t`Keep running`}
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
                {t`Cancel ${formatRuns(found.matched)}`}
              </Button>
            )}
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
