import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useServices } from '../../shared/auth/services';
import { personName } from '../../shared/subjects/contacts';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatCount } from '../../shared/ui/format';
import { segmentMembersQuery } from './queries';
import classes from './Segments.module.css';

/** The current contacts of a saved segment. */
export function SegmentMembers({ segmentId }: { segmentId: string }) {
  const { api } = useServices();
  const { data, error, refetch } = useQuery(segmentMembersQuery(api, segmentId));
  return (
    <Section title="Matching contacts">
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div role="status" aria-label="Loading matching contacts">
          <Skeleton height={120} />
        </div>
      )}
      {data && (
        <>
          <p>
            {data.isWhole ? '' : 'At least '}
            {data.count === 1 ? '1 contact' : `${formatCount(data.count)} contacts`}
            {data.isWhole ? '' : ' (not all contacts were checked)'}
          </p>
          <ul className={classes.people}>
            {data.contacts.map((contact) => (
              <li key={contact.id}>
                <Link to={`/contacts/${contact.id}`}>{personName(contact)}</Link>
              </li>
            ))}
          </ul>
          {data.count > data.contacts.length && (
            <p className={classes.muted}>Showing the first {data.contacts.length}.</p>
          )}
        </>
      )}
    </Section>
  );
}
