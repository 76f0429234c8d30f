import { Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import type { Contact } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { personName } from '../../shared/subjects/contacts';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import classes from './EraseDialog.module.css';
import { eraseContact } from './queries';

interface Props {
  contact: Contact;
  onClose: () => void;
}

/** Asks whether to erase a person; open for as long as it is rendered. */
export function EraseDialog({ contact, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  const [reason, setReason] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => eraseContact(api, contact.id, reason.trim() === '' ? null : reason.trim()),
    networkMode: 'always',
    onSuccess: async () => {
      // The page now tells that the contact was erased; no list may still show it.
      queries.removeQueries({ queryKey: ['contacts'] });
      await queries.invalidateQueries({ queryKey: ['contact', contact.id] });
      onClose();
    },
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate();
  }

  return (
    <Dialog title={`Erase ${personName(contact)}?`} opened onClose={onClose}>
      <form onSubmit={submit} className={classes.form}>
        <p>This cannot be undone:</p>
        <ul className={classes.effects}>
          <li>The contact is deleted at once, with its name, addresses, tags and metadata.</li>
          <li>Its open runs are canceled, and messages that wait for it are not sent.</li>
          <li>
            Payloads, texts and addresses are taken out of its runs, deliveries and refusals. That
            they happened stays, and so do the figures.
          </li>
          <li>An address that must not be written to stays so; only its fingerprint is kept.</li>
        </ul>
        <TextInput
          label="Reason"
          description="Optional. It stays on record: name the request, not the person."
          maxLength={200}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <Checkbox
          label="Erase this person for good"
          checked={isSure}
          onChange={(event) => {
            setSure(event.currentTarget.checked);
          }}
        />
        <DialogDecision
          cancel="Keep the contact"
          confirm="Erase"
          error={error}
          isPending={isPending}
          isDisabled={!isSure}
          isDanger
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
