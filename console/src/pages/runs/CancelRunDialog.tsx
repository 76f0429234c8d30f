import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import type { Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import classes from './CancelDialog.module.css';
import { contactName } from './describe';
import { cancelRun } from './queries';

interface Props {
  run: Run;
  onClose: () => void;
}

/** Asks for a reason before a run is canceled; open while it is rendered. */
export function CancelRunDialog({ run, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => cancelRun(api, run.id, reason.trim()),
    networkMode: 'always',
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['run', run.id] });
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate();
  }

  const contact = contactName(run.contact);
  return (
    <Dialog title={t`Cancel this run?`} opened onClose={onClose}>
      <form onSubmit={submit} className={classes.form}>
        <p>
          {contact === null ? (
            t`${run.automationName} stops where it is.`
          ) : (
            <Trans>
              {run.automationName} for <strong>{contact}</strong> stops where it is.
            </Trans>
          )}{' '}
          {t`Steps that are done are not undone, and the run cannot be resumed.`}
        </p>
        <TextInput
          label={t`Reason`}
          description={t`Shown on the run, with your name.`}
          required
          withAsterisk={false}
          maxLength={120}
          data-autofocus
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <DialogDecision
          cancel={t`Keep running`}
          confirm={t`Cancel run`}
          error={error}
          isPending={isPending}
          isDisabled={reason.trim() === ''}
          isDanger
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
