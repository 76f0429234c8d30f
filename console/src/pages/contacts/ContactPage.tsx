import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { useKeptState } from '../../shared/address/addressState';
import type { Contact } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { personName } from '../../shared/subjects/contacts';
import { DELIVERY_FILTERS } from '../../shared/subjects/deliveries';
import { REFUSAL_FILTERS } from '../../shared/subjects/refusals';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { Json } from '../../shared/ui/Json';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import classes from './ContactPage.module.css';
import { ContactTimeline } from './ContactTimeline';
import { EraseDialog } from './EraseDialog';
import { contactQuery } from './queries';
import { Tags } from './Tags';

const BACK = { to: '/contacts', label: 'Contacts' };

function consent(given: boolean): string {
  return given ? 'Given' : 'Not given';
}

function ContactFacts({ contact }: { contact: Contact }) {
  const now = useNow();
  const { email, phone, externalIds, tags, consents, createdAt, updatedAt } = contact;
  return (
    <Facts>
      <Fact name="E-mail">{email ?? 'None'}</Fact>
      <Fact name="Phone">{phone ?? 'None'}</Fact>
      {Object.entries(externalIds).map(([name, value]) => (
        <Fact key={name} name={`External id ${name}`}>
          {value}
        </Fact>
      ))}
      <Fact name="Tags">{tags.length === 0 ? 'None' : <Tags tags={tags} />}</Fact>
      <Fact name="Transactional consent">{consent(consents.transactional)}</Fact>
      <Fact name="Marketing consent">{consent(consents.marketing)}</Fact>
      <Fact name="Created">
        <ExactTime time={createdAt} />
        <RelativeTime time={createdAt} now={now} />
      </Fact>
      <Fact name="Last changed">
        <ExactTime time={updatedAt} />
        <RelativeTime time={updatedAt} now={now} />
      </Fact>
    </Facts>
  );
}

/** Links to the lists of runs, deliveries and refusals, filtered by this contact. */
function Lists({ contactId }: { contactId: string }) {
  const about = { contact: contactId, range: '30d' } as const;
  return (
    <ul className={classes.lists}>
      <li>
        <Link to={RUN_FILTERS.address('/runs', about)}>Runs</Link>
      </li>
      <li>
        <Link to={DELIVERY_FILTERS.address('/delivery-ops', about)}>Deliveries</Link>
      </li>
      <li>
        <Link to={REFUSAL_FILTERS.address('/refusals', about)}>Refusals</Link>
      </li>
    </ul>
  );
}

function Loaded({ contact }: { contact: Contact }) {
  const mayEdit = useAllows('ADMIN');
  const [erasing, setErasing] = useState(false);
  const state = useKeptState();
  return (
    <>
      <DetailHeader
        title={personName(contact)}
        id={contact.id}
        noun="contact"
        actions={
          mayEdit && (
            <>
              <Button component={Link} to={`/contacts/${contact.id}/edit`} state={state}>
                Edit
              </Button>
              <Button
                variant="default"
                onClick={() => {
                  setErasing(true);
                }}
              >
                Erase…
              </Button>
            </>
          )
        }
      >
        <ContactFacts contact={contact} />
      </DetailHeader>
      <div className={classes.columns}>
        <ContactTimeline contactId={contact.id} />
        <div className={classes.column}>
          <Section title="Last 30 days">
            <Lists contactId={contact.id} />
          </Section>
          <Section title="Metadata">
            {Object.keys(contact.metadata).length === 0 ? (
              <p className={detail.muted}>None.</p>
            ) : (
              <Json label="Metadata" value={contact.metadata} />
            )}
          </Section>
        </div>
      </div>
      {erasing && (
        <EraseDialog
          contact={contact}
          onClose={() => {
            setErasing(false);
          }}
        />
      )}
    </>
  );
}

export default function ContactPage() {
  const { api } = useServices();
  const { contactId = '' } = useParams();
  return (
    <DetailPage
      noun="contact"
      back={BACK}
      goneTitle="This contact was erased"
      query={useQuery(contactQuery(api, contactId))}
      title={personName}
    >
      {(contact) => <Loaded key={contact.id} contact={contact} />}
    </DetailPage>
  );
}
