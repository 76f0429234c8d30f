import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatCount } from '../../shared/ui/format';
import {
  automationQuery,
  type StatusChange,
  changeStatus,
  rememberAutomation,
  runCountsQuery,
} from './queries';
import { statisticsOf } from './runStatistics';
import { ShownSecret } from './ShownSecret';
import type { Activation, Automation } from './types';

interface Props {
  automation: Automation;
  change: StatusChange;
  onClose: () => void;
}

const WORDS: Record<StatusChange, { title: string; doIt: string; leave: string }> = {
  activate: { title: 'Activate this automation?', doIt: 'Activate', leave: 'Not yet' },
  pause: { title: 'Pause this automation?', doIt: 'Pause', leave: 'Keep it active' },
  archive: { title: 'Archive this automation?', doIt: 'Archive for good', leave: 'Keep it' },
};

/** What stopping does to the runs that are under way. */
function OpenRuns({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { data } = useQuery(runCountsQuery(api, automationId));
  const open = data ? statisticsOf(data).open : null;
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

/** Shows that an activation is under way, or why it failed. */
function ActivationNotice({ activation }: { activation: Activation }) {
  if (activation.status === 'PENDING') {
    return (
      <Notice title={`Version ${activation.version} is being activated`}>
        <p>
          Many versions are being activated at the moment, so this takes up to a few minutes. It
          goes on when you leave.
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="bad" title={`Version ${activation.version} was not activated`}>
      <p>{activation.problem?.message}</p>
    </Notice>
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
    },
  });
  const asked = change === 'activate' ? (data?.activation ?? null) : null;
  const isAsked = asked !== null && asked.status !== 'ACTIVE';
  const { data: latest } = useQuery({ ...automationQuery(api, automation.id), enabled: isAsked });
  // A newer activation takes the place of this one; how that goes is what there is to see.
  const now = isAsked ? (latest?.activation ?? asked) : asked;
  const secret = data?.webhook?.secret ?? data?.activation?.secret;
  const isDone = data !== undefined && (now === null || now.status === 'ACTIVE');
  const closes = isDone && !secret;
  useEffect(() => {
    if (!closes) return;
    if (isAsked) void queries.invalidateQueries({ queryKey: ['automation', automation.id] });
    onClose();
  });
  if (secret && data) {
    return (
      <Dialog title={isDone ? 'It is active' : 'Keep its secret'} opened onClose={onClose}>
        {now && !isDone && <ActivationNotice activation={now} />}
        <ShownSecret secret={secret} />
        <DialogActions>
          <Button onClick={onClose}>I have kept it</Button>
        </DialogActions>
      </Dialog>
    );
  }
  if (now && !isDone) {
    return (
      <Dialog title={WORDS.activate.title} opened onClose={onClose}>
        <ActivationNotice activation={now} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} opened onClose={onClose}>
      <Consequences automation={automation} change={change} />
      <DialogDecision
        cancel={leave}
        confirm={doIt}
        error={error}
        isPending={isPending}
        isDanger={change !== 'activate'}
        onCancel={onClose}
        onConfirm={mutate}
      />
    </Dialog>
  );
}
