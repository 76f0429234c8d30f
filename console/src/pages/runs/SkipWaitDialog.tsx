import { t } from '@lingui/core/macro';
import { useQueryClient } from '@tanstack/react-query';
import type { Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { skipWait } from './queries';

/** Asks before a run's waits are ended; open while it is rendered. */
export function SkipWaitDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  return (
    <ConfirmDialog
      title={t`Skip the wait?`}
      action={t`Skip the wait`}
      run={async () => {
        await skipWait(api, run.id);
        await queries.invalidateQueries({ queryKey: ['run', run.id] });
      }}
      onClose={onClose}
    >
      <p>{t`The run continues within a minute, as if the time had passed. This cannot be undone.`}</p>
    </ConfirmDialog>
  );
}
