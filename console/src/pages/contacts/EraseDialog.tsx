import { t } from '@lingui/core/macro';
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

/** Asks before a contact is erased; open while it is rendered. */
export function EraseDialog({ contact, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  const [reason, setReason] = useState('');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => eraseContact(api, contact.id, reason.trim() === '' ? null : reason.trim()),
    networkMode: 'always',
    onSuccess: async () => {
      // The page now says that the contact was erased; no list may still show it.
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
    <Dialog title={t`Erase ${personName(contact)}?`} opened onClose={onClose}>
      <form onSubmit={submit} className={classes.form}>
        <p>{t`This cannot be undone:`}</p>
        <ul className={classes.effects}>
          <li>{t`The contact is deleted immediately, with its name, addresses, tags and metadata.`}</li>
          <li>{t`Open runs for the contact are canceled, and waiting messages to it are not sent.`}</li>
          <li>
            {t`Payloads, texts and addresses are removed from the contact’s runs, deliveries and refusals. The runs, deliveries and refusals stay in the history and in the counts.`}
          </li>
          <li>{t`All exports and imports of this workspace are deleted with their files, also those that are running.`}</li>
          <li>{t`A suppressed address still receives no messages. Only its hash is kept, not the address.`}</li>
        </ul>
        <TextInput
          label={t`Reason`}
          description={t`Optional. The reason is kept permanently, so name the request, not the person.`}
          maxLength={200}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
          }}
        />
        <Checkbox
          label={t`Erase this contact permanently`}
          checked={isSure}
          onChange={(event) => {
            setSure(event.currentTarget.checked);
          }}
        />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Erase`}
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
