import { t } from '@lingui/core/macro';
import type { ContactDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { NewItemPage } from '../../shared/ui/NewItemPage';
import { ContactForm } from './ContactForm';
import { createContact } from './queries';

export default function NewContactPage() {
  const { api } = useServices();
  return (
    <NewItemPage
      noun={t`contact`}
      plural={t`contacts`}
      path="/contacts"
      create={(document: ContactDocument) => createContact(api, document)}
    >
      {(form) => <ContactForm {...form} cancelTo="/contacts" />}
    </NewItemPage>
  );
}
