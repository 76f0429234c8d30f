import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useServices } from '../app/context';
import { Dialog, DialogActions } from '../ui/Dialog';
import { ErrorNotice } from '../ui/ErrorNotice';
import { formatCount } from '../ui/format';
import { figuresOf } from './figures';
import { type Change, changeStatus, rememberAutomation, runCountsQuery } from './queries';
import { ShownSecret } from './ShownSecret';
import type { Automation } from './types';

interface Props {
  automation: Automation;
  change: Change;
  onClose: () => void;
}

const WORDS: Record<Change, { title: string; doIt: string; leave: string }> = {
  activate: { title: 'Activate this automation?', doIt: 'Activate', leave: 'Not yet' },
  pause: { title: 'Pause this automation?', doIt: 'Pause', leave: 'Keep it active' },
  archive: { title: 'Archive this automation?', doIt: 'Archive for good', leave: 'Keep it' },
};

/** What stopping does to the runs that are under way. */
function OpenRuns({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { data } = useQuery(runCountsQuery(api, automationId));
  const open = data ? figuresOf(data).open : null;
  return (
    <li>
      {open === null ? (
        'Open runs are canceled'
      ) : open === 0 ? (
        'Should a run be open, it is canceled'
      ) : (
        <>
          <strong>
            {open === 1 ? 'The one open run' : `All ${formatCount(open)} open runs`} of the last 7
            days
          </strong>
          , and older ones that still wait, are canceled
        </>
      )}
      : no further node begins. Messages that were sent stay sent.
    </li>
  );
}

function Consequences({ automation, change }: Omit<Props, 'onClose'>) {
  if (change === 'activate') {
    const next = automation.hasUnpublishedChanges;
    return (
      <ul>
        <li>
          {next
            ? 'The draft is frozen as the next version, and takes events from now on.'
            : `Version ${automation.version} takes events again.`}
        </li>
        <li>
          Runs that are under way {next ? 'stay with the version they began with' : 'are not touched'}
          .
        </li>
        {automation.status === 'PAUSED' && (
          <li>Runs that pausing canceled stay canceled.</li>
        )}
      </ul>
    );
  }
  return (
    <ul>
      <li>No new runs: its triggers are refused, and each refusal is kept with its reason.</li>
      <OpenRuns automationId={automation.id} />
      <li>
        {change === 'pause'
          ? 'It can be activated again. That takes new runs only.'
          : 'It can never be edited or activated again. Its history stays.'}
      </li>
    </ul>
  );
}

/** Asks before an automation is activated, paused or archived. */
export function StatusDialog({ automation, change, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { title, doIt, leave } = WORDS[change];
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => changeStatus(api, automation.id, change),
    networkMode: 'always',
    onSuccess: (changed) => {
      rememberAutomation(queries, changed);
      if (!changed.webhook?.secret) onClose();
    },
  });
  const secret = data?.webhook?.secret;
  return (
    <Dialog title={secret ? 'It is active' : title} opened onClose={onClose}>
      {secret ? (
        <>
          <ShownSecret secret={secret} />
          <DialogActions>
            <Button onClick={onClose}>I have kept it</Button>
          </DialogActions>
        </>
      ) : (
        <>
          <Consequences automation={automation} change={change} />
          {error && <ErrorNotice error={error} />}
          <DialogActions>
            <Button variant="default" onClick={onClose}>
              {leave}
            </Button>
            <Button
              {...(change !== 'activate' && { color: 'red' })}
              loading={isPending}
              onClick={() => {
                mutate();
              }}
            >
              {doIt}
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
}
