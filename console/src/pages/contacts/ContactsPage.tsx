import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { text } from '../../shared/address/parameters';
import type { Contact } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ClippedText } from '../../shared/lists/ClippedText';
import { EditableListPage } from '../../shared/lists/EditableListPage';
import { ExportButton } from '../../shared/lists/ExportButton';
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
    title: t`Name`,
    width: 20,
    line: 1,
    isFlexible: true,
    cell: (contact) => (
      <RowLink
        to={`/contacts/${contact.id}`}
        label={t`${personName(contact)}, contact ${contact.id}`}
      >
        {personName(contact)}
      </RowLink>
    ),
  },
  {
    title: t`E-mail`,
    width: 23,
    line: 2,
    isFlexible: true,
    cell: ({ email }) => email !== null && <ClippedText text={email} />,
  },
  { title: t`Phone`, width: 14, line: 2, cell: ({ phone }) => phone },
  { title: t`Tags`, cell: ({ tags }) => tags.length > 0 && <Tags tags={tags} /> },
  { title: t`Consent`, width: 14, cell: consentText },
  timeColumn(t`Last changed`, 11, ({ updatedAt }) => updatedAt, 1),
];

interface NobodyProps {
  contact: string | null;
  create: ReactNode;
  onClear: () => void;
}

function Nobody({ contact, create, onClear }: NobodyProps) {
  if (contact === null) {
    return (
      <EmptyState title={t`No contacts yet`}>
        <p>{t`Automations run for contacts. Create contacts here, or let triggers create them.`}</p>
        {create}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={t`No contact found for ${contact}`}>
      <p>{t`Enter a complete e-mail address, phone number, id or external id, such as stripe:cus_123.`}</p>
      <div className={page.emptyActions}>
        <Button variant="default" onClick={onClear}>
          {t`Show all contacts`}
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
      noun={t`contact`}
      plural={t`contacts`}
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
      actions={
        <ExportButton
          list="CONTACTS"
          plural={t`contacts`}
          filter={{}}
          total={undefined}
          label={t`Export all…`}
        />
      }
    >
      <ContactTabs current="contacts" />
      <FilterBar label={t`Find a contact`} chips={null}>
        <ContactFilter value={contact} onChange={find} />
      </FilterBar>
    </EditableListPage>
  );
}
