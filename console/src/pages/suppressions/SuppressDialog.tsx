import { t } from '@lingui/core/macro';
import { Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef } from 'react';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import { fieldError, formError, useFocusOnError } from '../../shared/ui/forms';
import { addSuppression } from './queries';
import classes from './Suppressions.module.css';

/** Adds an address to the suppression list; open while it is rendered. */
export default function SuppressDialog({ onClose }: { onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: ({ address, note }: { address: string; note: string }) =>
      addSuppression(api, address, note),
    networkMode: 'always',
    onSuccess: async () => {
      await queries.resetQueries({ queryKey: ['suppressions'] });
      onClose();
    },
  });
  useFocusOnError(element, error);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const [address, note] = [values.get('address'), values.get('note')];
    if (typeof address !== 'string' || typeof note !== 'string') return;
    mutate({ address: address.trim(), note: note.trim() });
  }

  return (
    <Dialog title={t`Suppress an address`} opened onClose={onClose}>
      <form ref={element} onSubmit={submit} className={classes.form}>
        <p>{t`Automations send nothing to this address from now on. Messages that were already sent stay in the history.`}</p>
        <TextInput
          label={t`E-mail address or phone number`}
          name="address"
          required
          withAsterisk={false}
          autoComplete="off"
          data-autofocus
          error={fieldError(error, 'address')}
        />
        <Textarea
          label={t`Note`}
          name="note"
          description={t`Why nothing may be sent. The note is shown in the list.`}
          maxLength={500}
          error={fieldError(error, 'note')}
        />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Suppress address`}
          error={formError(error, ['address', 'note'])}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
