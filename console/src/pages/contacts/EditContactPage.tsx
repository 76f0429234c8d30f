import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { useKeptState } from '../../shared/address/addressState';
import type { Contact, ContactReplacement } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { personName } from '../../shared/subjects/contacts';
import { DetailPage } from '../../shared/ui/Detail';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { useSaveRevision } from '../../shared/ui/useSaveRevision';
import { ContactForm } from './ContactForm';
import { contactQuery, replaceContact } from './queries';

function Editor({ contact }: { contact: Contact }) {
  const { api } = useServices();
  const navigate = useNavigate();
  const state = useKeptState();
  const address = `/contacts/${contact.id}`;
  const { save, error, isPending } = useSaveRevision({
    item: contact,
    replace: (document: ContactReplacement) => replaceContact(api, contact.id, document),
    queryKey: ['contact', contact.id],
    invalidates: [['contacts'], ['contact', contact.id, 'consents']],
    onSaved: () => {
      void navigate(address, { replace: true, state });
    },
  });
  return (
    <>
      <h1>{t`Edit ${personName(contact)}`}</h1>
      <NeedsRole least="ADMIN">
        <ContactForm
          contact={contact}
          submitLabel={t`Save`}
          cancelTo={address}
          error={error}
          isPending={isPending}
          onSave={save}
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
      noun={t`contact`}
      back={{ to: `/contacts/${contactId}`, isThing: true, label: t`Contact` }}
      goneTitle={t`This contact was erased`}
      query={useQuery(contactQuery(api, contactId))}
      title={(contact) => t`Edit ${personName(contact)}`}
    >
      {(contact) => <Editor key={contact.id} contact={contact} />}
    </DetailPage>
  );
}
