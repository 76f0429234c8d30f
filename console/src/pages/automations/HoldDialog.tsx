import { t } from '@lingui/core/macro';
import { NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import { holdAutomation, releaseAutomation, rememberAutomation } from './queries';
import type { Automation } from './types';

const USUAL_PACE = 600;
const FASTEST_PACE = 6_000;

interface Props {
  automation: Automation;
  onClose: () => void;
}

/** Asks for a reason before an automation is held; open while it is rendered. */
export function HoldDialog({ automation, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => holdAutomation(api, automation.id, reason.trim()),
    networkMode: 'always',
    onSuccess: (held) => {
      rememberAutomation(queries, held);
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate();
  }

  return (
    <Dialog title={t`Hold this automation?`} opened onClose={onClose}>
      <form onSubmit={submit}>
        <ul>
          <li>{t`Events continue to open runs, but the new runs do not start until you release the automation.`}</li>
          <li>{t`Nothing is refused or canceled. Runs that are already open continue.`}</li>
          <li>{t`Reruns start as usual, so you can use one to test whether the failed service works again.`}</li>
        </ul>
        <TextInput
          label={t`Reason`}
          description={t`Shown with the automation, with your name. Optional.`}
          mt="md"
          mb="md"
          maxLength={200}
          data-autofocus
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Hold`}
          error={error}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}

/** Asks for the pace at which the held runs start; open while it is rendered. */
export function ReleaseDialog({ automation, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [pace, setPace] = useState<number | string>(USUAL_PACE);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (perMinute: number) => releaseAutomation(api, automation.id, perMinute),
    networkMode: 'always',
    onSuccess: (released) => {
      rememberAutomation(queries, released);
      void queries.invalidateQueries({ queryKey: ['runs'] });
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (typeof pace === 'number') mutate(pace);
  }

  return (
    <Dialog title={t`Release this automation?`} opened onClose={onClose}>
      <form onSubmit={submit}>
        <p>{t`New runs start at once. Held runs start at this pace, the oldest first.`}</p>
        <NumberInput
          label={t`Held runs to start per minute`}
          mt="md"
          mb="md"
          min={1}
          max={FASTEST_PACE}
          allowDecimal={false}
          required
          withAsterisk={false}
          data-autofocus
          value={pace}
          onChange={setPace}
        />
        <DialogDecision
          cancel={t`Keep holding`}
          confirm={t`Release`}
          error={error}
          isPending={isPending}
          isDisabled={typeof pace !== 'number'}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
