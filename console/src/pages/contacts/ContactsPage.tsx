import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { text } from '../../shared/address/parameters';
import type { Contact } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { Clipped } from '../../shared/lists/Clipped';
import { FilterBar } from '../../shared/lists/FilterBar';
import { ListResults } from '../../shared/lists/ListPage';
import page from '../../shared/lists/ListPage.module.css';
import { type Column, RowLink, RowTable } from '../../shared/lists/RowTable';
import { ContactFilter } from '../../shared/lists/TextFilter';
import { useLiveList } from '../../shared/lists/useLiveList';
import { personName } from '../../shared/subjects/contacts';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { useListState } from '../../shared/ui/Detail';
import { EmptyState } from '../../shared/ui/EmptyState';
import { RelativeTime } from '../../shared/ui/Time';
import { consentWords } from './describe';
import { fetchContacts } from './queries';
import { Tags } from './Tags';

const CONTACTS = defineAddress({ contact: text() });

function addressOf({ id }: { id: string }): string {
  return `/contacts/${id}`;
}

const COLUMNS: Column<Contact>[] = [
  {
    title: 'Name',
    width: 20,
    isWide: true,
    cell: (contact) => (
      <RowLink to={addressOf(contact)}>
        {personName(contact)}
        <span className="visually-hidden">, contact {contact.id}</span>
      </RowLink>
    ),
  },
  {
    title: 'E-mail',
    width: 23,
    isWide: true,
    cell: ({ email }) => email !== null && <Clipped text={email} />,
  },
  { title: 'Phone', width: 14, cell: ({ phone }) => phone },
  { title: 'Tags', isWide: true, cell: ({ tags }) => tags.length > 0 && <Tags tags={tags} /> },
  { title: 'May get', width: 14, cell: consentWords },
  {
    title: 'Changed',
    width: 10,
    cell: ({ updatedAt }, now) => (
      <span className={page.nowrap}>
        <RelativeTime time={updatedAt} now={now} />
      </span>
    ),
  },
];

function NewContact() {
  return (
    <Button component={Link} to="/contacts/new" state={useListState()}>
      New contact
    </Button>
  );
}

interface NobodyProps {
  contact: string | null;
  mayEdit: boolean;
  onClear: () => void;
}

function Nobody({ contact, mayEdit, onClear }: NobodyProps) {
  if (contact === null) {
    return (
      <EmptyState title="There are no contacts yet">
        <p>Automations run for contacts. A trigger may create them, or you do.</p>
        {mayEdit && <NewContact />}
      </EmptyState>
    );
  }
  return (
    <EmptyState title={`Nobody is known as ${contact}`}>
      <p>A contact is found by the whole of an e-mail address, a phone number or an id.</p>
      <div className={page.emptyActions}>
        <Button variant="default" onClick={onClear}>
          Show all contacts
        </Button>
        {mayEdit && <NewContact />}
      </div>
    </EmptyState>
  );
}

export default function ContactsPage() {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const [{ contact }, change] = useAddressState(CONTACTS);
  const list = useLiveList<Contact>({
    queryKey: ['contacts', contact],
    fetchPage: (cursor, signal) => fetchContacts(api, contact, cursor, signal),
    keyOf: ({ createdAt, id }) => `${createdAt} ${id}`,
    isOpen: () => false,
  });

  function find(wanted: string | null) {
    change({ contact: wanted }, 'push');
  }

  return (
    <div className={page.page}>
      <title>Contacts · Runledger</title>
      <div className={page.titleRow}>
        <h1>Contacts</h1>
        {mayEdit && <NewContact />}
      </div>
      <ContactTabs current="contacts" />
      <FilterBar label="Find a contact" chips={null}>
        <ContactFilter value={contact} onChange={find} />
      </FilterBar>
      <ListResults
        noun="contact"
        plural="contacts"
        list={list}
        empty={
          <Nobody
            contact={contact}
            mayEdit={mayEdit}
            onClear={() => {
              find(null);
            }}
          />
        }
      >
        {(contacts) => (
          <RowTable
            label="Contacts, newest first"
            columns={COLUMNS}
            rows={contacts}
            addressOf={addressOf}
          />
        )}
      </ListResults>
    </div>
  );
}
