import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useKeptState } from '../../shared/address/addressState';
import type { Contact, ContactDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { personName } from '../../shared/subjects/contacts';
import { DetailPage } from '../../shared/ui/Detail';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { ContactForm } from './ContactForm';
import { contactQuery, replaceContact } from './queries';

function Editor({ contact }: { contact: Contact }) {
  const { api } = useServices();
  const queries = useQueryClient();
  // What the form was filled from: a later change by somebody else must not be overwritten.
  const [revision] = useState(contact.revision);
  const navigate = useNavigate();
  const state = useKeptState();
  const address = `/contacts/${contact.id}`;
  const { mutate, error, isPending } = useMutation({
    mutationFn: (document: ContactDocument) =>
      replaceContact(api, contact.id, { ...document, revision }),
    networkMode: 'always',
    onSuccess: (changed) => {
      queries.setQueryData(['contact', contact.id], changed);
      void queries.invalidateQueries({ queryKey: ['contacts'] });
      void navigate(address, { replace: true, state });
    },
  });
  return (
    <>
      <h1>Edit {personName(contact)}</h1>
      <NeedsRole least="ADMIN">
        <ContactForm
          contact={contact}
          submitLabel="Save"
          cancelTo={address}
          error={error}
          isPending={isPending}
          onSubmit={mutate}
        />
      </NeedsRole>
    </>
  );
}

export default function EditContactPage() {
  const { api } = useServices();
  const { contactId = '' } = useParams();
  return (
    <DetailPage
      noun="contact"
      back={{ to: `/contacts/${contactId}`, isThing: true, label: 'The contact' }}
      goneTitle="This contact was erased"
      query={useQuery(contactQuery(api, contactId))}
      title={(contact) => `Edit ${personName(contact)}`}
    >
      {(contact) => <Editor key={contact.id} contact={contact} />}
    </DetailPage>
  );
}
