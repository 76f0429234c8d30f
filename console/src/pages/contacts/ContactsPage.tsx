import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { text } from '../../shared/address/parameters';
import type { Contact } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ClippedText } from '../../shared/lists/ClippedText';
import { EditableListPage } from '../../shared/lists/EditableListPage';
import { FilterBar } from '../../shared/lists/FilterBar';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink } from '../../shared/lists/RowTable';
import { ContactFilter } from '../../shared/lists/TextFilter';
import { timeColumn } from '../../shared/lists/timeColumn';
import { personName } from '../../shared/subjects/contacts';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { EmptyState } from '../../shared/ui/EmptyState';
import { consentText } from './describe';
import { fetchContacts } from './queries';
import { Tags } from './Tags';

const CONTACTS = defineAddress({ contact: text() });

const COLUMNS: Column<Contact>[] = [
  {
    title: 'Name',
    width: 20,
    isWide: true,
    cell: (contact) => (
      <RowLink to={`/contacts/${contact.id}`}>
        {personName(contact)}
        <span className="visually-hidden">, contact {contact.id}</span>
      </RowLink>
    ),
  },
  {
    title: 'E-mail',
    width: 23,
    isWide: true,
    cell: ({ email }) => email !== null && <ClippedText text={email} />,
  },
  { title: 'Phone', width: 14, cell: ({ phone }) => phone },
  { title: 'Tags', isWide: true, cell: ({ tags }) => tags.length > 0 && <Tags tags={tags} /> },
  { title: 'Consent', width: 14, cell: consentText },
  timeColumn('Last changed', 10, ({ updatedAt }) => updatedAt),
];

interface NobodyProps {
  contact: string | null;
  create: ReactNode;
  onClear: () => void;
}

function Nobody({ contact, create, onClear }: NobodyProps) {
  if (contact === null) {
    return (
      <EmptyState title="No contacts yet">
        <p>Automations run for contacts. Create contacts here, or let triggers create them.</p>
        {create}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={`No contact found for ${contact}`}>
      <p>Enter a complete e-mail address, phone number, id or external id, such as stripe:cus_123.</p>
      <div className={page.emptyActions}>
        <Button variant="default" onClick={onClear}>
          Show all contacts
        </Button>
        {create}
      </div>
    </EmptyState>
  );
}

export default function ContactsPage() {
  const { api } = useServices();
  const [{ contact }, change] = useAddressState(CONTACTS);

  function find(wanted: string | null) {
    change({ contact: wanted }, 'push');
  }

  return (
    <EditableListPage<Contact>
      noun="contact"
      plural="contacts"
      path="/contacts"
      queryKey={['contacts', contact]}
      fetchPage={(cursor, signal) => fetchContacts(api, contact, cursor, signal)}
      columns={COLUMNS}
      empty={(create) => (
        <Nobody
          contact={contact}
          create={create}
          onClear={() => {
            find(null);
          }}
        />
      )}
    >
      <ContactTabs current="contacts" />
      <FilterBar label="Find a contact" chips={null}>
        <ContactFilter value={contact} onChange={find} />
      </FilterBar>
    </EditableListPage>
  );
}
