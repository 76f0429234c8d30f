import { t } from '@lingui/core/macro';
import { Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import type { FailureGroup } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import form from '../../shared/ui/Form.module.css';
import { FAILURES_KEY, resolveGroup } from './queries';

interface Props {
  group: FailureGroup;
  onClose: () => void;
}

/** Asks for a note before a failure is resolved; open while it is rendered. */
export function ResolveDialog({ group, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [note, setNote] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => resolveGroup(api, group.id, note.trim()),
    networkMode: 'always',
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: FAILURES_KEY });
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate();
  }

  return (
    <Dialog title={t`Resolve this failure?`} opened onClose={onClose}>
      <form onSubmit={submit} className={form.fieldset}>
        <p>
          {t`${group.title} leaves the list of open failures. It opens again as soon as another run fails in the same way. Its runs stay as they are.`}
        </p>
        <Textarea
          label={t`Note`}
          description={t`What was done, or why it does not matter. Optional.`}
          maxLength={500}
          autosize
          minRows={2}
          maxRows={6}
          data-autofocus
          value={note}
          onChange={(event) => {
            setNote(event.currentTarget.value);
          }}
        />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Resolve`}
          error={error}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
