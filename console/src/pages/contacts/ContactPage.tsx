import { t } from '@lingui/core/macro';
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
import { ContactConsents } from './ContactConsents';
import { ContactTimeline } from './ContactTimeline';
import { EraseDialog } from './EraseDialog';
import { contactQuery } from './queries';
import { Tags } from './Tags';

const BACK = { to: '/contacts', label: t`Contacts` };

function ContactFacts({ contact }: { contact: Contact }) {
  const now = useNow();
  const { email, phone, externalIds, tags, createdAt, updatedAt } = contact;
  return (
    <Facts>
      <Fact name={t`E-mail`}>{email ?? t`None`}</Fact>
      <Fact name={t`Phone`}>{phone ?? t`None`}</Fact>
      {Object.entries(externalIds).map(([name, value]) => (
        <Fact key={name} name={t`External id ${name}`}>
          {value}
        </Fact>
      ))}
      <Fact name={t`Tags`}>{tags.length === 0 ? t`None` : <Tags tags={tags} />}</Fact>
      <Fact name={t`Created`}>
        <ExactTime time={createdAt} />
        <RelativeTime time={createdAt} now={now} />
      </Fact>
      <Fact name={t`Last changed`}>
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
        <Link to={RUN_FILTERS.address('/runs', about)}>{t`Runs`}</Link>
      </li>
      <li>
        <Link to={DELIVERY_FILTERS.address('/delivery-ops', about)}>{t`Deliveries`}</Link>
      </li>
      <li>
        <Link to={REFUSAL_FILTERS.address('/refusals', about)}>{t`Refused events`}</Link>
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
        noun={t`contact`}
        actions={
          mayEdit && (
            <>
              <Button component={Link} to={`/contacts/${contact.id}/edit`} state={state}>
                {t`Edit`}
              </Button>
              <Button
                variant="default"
                onClick={() => {
                  setErasing(true);
                }}
              >
                {t`Erase…`}
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
          <Section title={t`Last 30 days`}>
            <Lists contactId={contact.id} />
          </Section>
          <ContactConsents contact={contact} />
          <Section title={t`Metadata`}>
            {Object.keys(contact.metadata).length === 0 ? (
              <p className={detail.muted}>{t`None.`}</p>
            ) : (
              <Json label={t`Metadata values`} value={contact.metadata} />
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
      noun={t`contact`}
      back={BACK}
      goneTitle={t`This contact was erased`}
      query={useQuery(contactQuery(api, contactId))}
      title={personName}
    >
      {(contact) => <Loaded key={contact.id} contact={contact} />}
    </DetailPage>
  );
}
