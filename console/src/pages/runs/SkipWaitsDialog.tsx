import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SkipOutcome } from '../../shared/api/types';
import { useRepeatKey } from '../../shared/api/repeatKey';
import { useServices } from '../../shared/auth/services';
import type { AskedFilters } from '../../shared/lists/exports';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatRuns } from '../../shared/ui/format';
import { BulkProgress } from './BulkProgress';
import { refreshRuns, skippedWaitsQuery, skipWaits } from './queries';
import { RunSample } from './RunSample';

function Done({ started, onClose }: { started: SkipOutcome; onClose: () => void }) {
  const { api } = useServices();
  const { data: outcome, error } = useQuery(skippedWaitsQuery(api, started));
  const left = outcome.matched - outcome.skipped;
  return (
    <BulkProgress
      title={t`The waits of ${formatRuns(outcome.skipped)} were skipped`}
      error={error}
      onClose={onClose}
    >
      <p>{t`These runs continue within a minute.`}</p>
      {!outcome.isComplete && (
        <p>{t`The remaining runs follow within minutes. You can close this window.`}</p>
      )}
      {outcome.isComplete && left > 0 && (
        <p>{t`In ${formatRuns(left)} no wait was skipped: the run had already continued, or a node was at work.`}</p>
      )}
    </BulkProgress>
  );
}

interface Props {
  filter: AskedFilters;
  onClose: () => void;
}

/** Ends the waits of every waiting run that matches the filters, after showing how many. */
export default function SkipWaitsDialog({ filter, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const repeat = useRepeatKey();
  const preview = useQuery({
    queryKey: ['skip-preview', filter],
    queryFn: () => skipWaits(api, filter, null),
    gcTime: 0,
    retry: false,
  });
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => skipWaits(api, filter, repeat.of(filter)),
    networkMode: 'always',
    onSuccess: () => {
      void refreshRuns(queries);
    },
  });
  const found = preview.data;
  const matched = found?.matched ?? 0;
  return (
    <Dialog title={t`Skip the waits of all runs in this list?`} opened onClose={onClose}>
      {data ? (
        <Done started={data} onClose={onClose} />
      ) : (
        <>
          {preview.isPending && (
            <div role="status" aria-label={t`Looking for waiting runs`}>
              <Skeleton height={90} />
            </div>
          )}
          {preview.error && <ErrorNotice error={preview.error} />}
          {found && matched === 0 && <p>{t`No run that matches the filters is waiting.`}</p>}
          {found && matched > 0 && (
            <>
              <p>
                <Trans>
                  The waits of{' '}
                  <strong>
                    {found.isComplete ? formatRuns(matched) : t`at least ${formatRuns(matched)}`}
                  </strong>{' '}
                  end within a minute, as if the time had passed. This cannot be undone.
                </Trans>
              </p>
              <RunSample sample={found.sample} matched={matched} />
            </>
          )}
          <DialogDecision
            cancel={t`Keep waiting`}
            confirm={matched === 0 ? t`Skip waits` : t`Skip the waits of ${formatRuns(matched)}`}
            error={error}
            isPending={isPending}
            isDisabled={matched === 0}
            onCancel={onClose}
            onConfirm={() => {
              mutate();
            }}
          />
        </>
      )}
    </Dialog>
  );
}
