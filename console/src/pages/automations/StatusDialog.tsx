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
  activate: { title: 'Activate this automation?', doIt: 'Activate', leave: 'Cancel' },
  pause: { title: 'Pause this automation?', doIt: 'Pause', leave: 'Cancel' },
  archive: { title: 'Archive this automation?', doIt: 'Archive permanently', leave: 'Cancel' },
};

/** What pausing or archiving does to open runs. */
function OpenRuns({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { data } = useQuery(runCountsQuery(api, automationId));
  const open = data ? statisticsOf(data).open : null;
  return (
    <li>
      {open === null ? (
        'Open runs will be canceled'
      ) : open === 0 ? (
        'Any open run will be canceled'
      ) : (
        <>
          <strong>
            {open === 1 ? 'The open run' : `All ${formatCount(open)} open runs`} of the last 7
            days
          </strong>
          , and older runs that are still waiting, will be canceled
        </>
      )}
      . No further step starts. Messages that were already sent cannot be recalled.
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
            ? 'The draft becomes the next version, and new events use it from now on.'
            : `Version ${automation.version} accepts events again.`}
        </li>
        <li>
          {next ? 'Open runs continue with their version.' : 'Open runs are not affected.'}
        </li>
        {automation.status === 'PAUSED' && (
          <li>Runs that were canceled by pausing stay canceled.</li>
        )}
      </ul>
    );
  }
  return (
    <ul>
      <li>No new runs: triggers are refused and listed under Refusals.</li>
      <OpenRuns automationId={automation.id} />
      <li>
        {change === 'pause'
          ? 'You can activate it again. Only new events then open runs.'
          : 'It can never be edited or activated again. Its history is kept.'}
      </li>
    </ul>
  );
}

/** Shows that an activation is in progress, or why it failed. */
function ActivationNotice({ activation }: { activation: Activation }) {
  if (activation.status === 'PENDING') {
    return (
      <Notice title={`Version ${activation.version} is being activated`}>
        <p>
          Many versions are being activated, so this can take a few minutes. It continues if you
          leave this page.
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
  // If a newer activation replaced this one, show the newer one.
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
      <Dialog
        title={isDone ? 'Automation activated' : 'Store the signing secret'}
        opened
        onClose={onClose}
      >
        {now && !isDone && <ActivationNotice activation={now} />}
        <ShownSecret secret={secret} />
        <DialogActions>
          <Button onClick={onClose}>I have stored the secret</Button>
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
