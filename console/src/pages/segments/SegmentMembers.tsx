import { plural, t } from '@lingui/core/macro';
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
    <Section title={t`Matching contacts`}>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div role="status" aria-label={t`Loading matching contacts`}>
          <Skeleton height={120} />
        </div>
      )}
      {data && (
        <>
          <p>
            {data.isWhole
              ? plural(data.count, { one: '1 contact', other: `${formatCount(data.count)} contacts` })
              : plural(data.count, {
                  one: 'At least 1 contact (not all contacts were checked)',
                  other: `At least ${formatCount(data.count)} contacts (not all contacts were checked)`,
                })}
          </p>
          <ul className={classes.people}>
            {data.contacts.map((contact) => (
              <li key={contact.id}>
                <Link to={`/contacts/${contact.id}`}>{personName(contact)}</Link>
              </li>
            ))}
          </ul>
          {data.count > data.contacts.length && (
            <p className={classes.muted}>{t`Only the first ${data.contacts.length} are listed.`}</p>
          )}
        </>
      )}
    </Section>
  );
}
