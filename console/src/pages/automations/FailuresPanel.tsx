import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ResolvedNote } from '../../shared/subjects/ResolvedNote';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { formatCount } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import classes from './AutomationPage.module.css';
import { failureGroupsQuery, STATISTICS_RANGE } from './queries';

const RecoveryDialog = lazy(() => import('../../shared/subjects/RecoveryDialog'));

interface Props {
  automationId: string;
  now: number;
}

/**
 * The automation's most frequent failures; nothing if there are none or failures are not grouped.
 */
export function FailuresPanel({ automationId, now }: Props) {
  const { api } = useServices();
  const { data: groups = [] } = useQuery(failureGroupsQuery(api, automationId));
  const mayRerun = useAllows('MEMBER');
  const [recovered, setRecovered] = useState<string | null>(null);
  if (groups.length === 0) return null;
  return (
    <Section title="Failures, last 7 days">
      <ul className={classes.failures}>
        {groups.map((group) => {
          const alike = { automationId, errorGroup: group.id, range: STATISTICS_RANGE } as const;
          return (
            <li key={group.id}>
              <Link to={RUN_FILTERS.address('/runs', alike)}>
                {group.nodeId === null ? group.title : `${group.nodeId}: ${group.title}`}
              </Link>
              <span className={detail.muted}>
                {formatCount(group.count)}
                {!group.isComplete && '+'} {group.count === 1 ? 'run' : 'runs'},{' '}
                {formatCount(group.contacts)} {group.contacts === 1 ? 'contact' : 'contacts'}, last{' '}
                <RelativeTime time={group.lastSeenAt} now={now} />
              </span>
              {group.status === 'RESOLVED' && <ResolvedNote group={group} />}
              {mayRerun && group.status !== 'RESOLVED' && (
                <Button
                  variant="default"
                  size="compact-sm"
                  aria-label={`Mended? Rerun the runs of ${group.title}`}
                  onClick={() => {
                    setRecovered(group.id);
                  }}
                >
                  Mended? Rerun {formatCount(group.count)} {group.count === 1 ? 'run' : 'runs'}…
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      <Suspense fallback={null}>
        {recovered !== null && (
          <RecoveryDialog
            selection={{ errorGroup: recovered }}
            onClose={() => {
              setRecovered(null);
            }}
          />
        )}
      </Suspense>
    </Section>
  );
}
