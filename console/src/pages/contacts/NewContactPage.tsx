import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { useKeptState } from '../../shared/address/addressState';
import type { ContactDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { BackLink } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { ContactForm } from './ContactForm';
import { createContact } from './queries';

export default function NewContactPage() {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const state = useKeptState();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (document: ContactDocument) => createContact(api, document),
    networkMode: 'always',
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['contacts'] });
      void navigate(`/contacts/${id}`, { replace: true, state });
    },
  });
  return (
    <div className={detail.page}>
      <title>New contact · Runledger</title>
      <BackLink to="/contacts">Contacts</BackLink>
      <h1>New contact</h1>
      <NeedsRole least="ADMIN">
        <ContactForm
          submitLabel="Create the contact"
          cancelTo="/contacts"
          error={error}
          isPending={isPending}
          onSubmit={mutate}
        />
      </NeedsRole>
    </div>
  );
}
