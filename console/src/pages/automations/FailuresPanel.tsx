import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { formatAtLeast } from '../../shared/subjects/failures';
import { ResolvedNote } from '../../shared/subjects/ResolvedNote';
import { Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { formatCount, formatRuns } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import classes from './AutomationPage.module.css';
import { failureGroupsQuery } from './queries';

const { Component: RecoveryDialog } = lazyComponent(() => import('../../shared/subjects/RecoveryDialog'));

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
    <Section title={t`Failures, last 7 days`}>
      <ul className={classes.failures}>
        {groups.map((group) => (
          <li key={group.id}>
            <Link to={`/failures/${group.id}`}>
              {group.nodeId === null ? group.title : `${group.nodeId}: ${group.title}`}
            </Link>
            <span className={detail.muted}>
              {plural(group.count, {
                one: `${formatAtLeast(group.count, group.isComplete)} run`,
                other: `${formatAtLeast(group.count, group.isComplete)} runs`,
              })}{' '}
              ·{' '}
              {plural(group.contacts, { one: '1 contact', other: `${formatCount(group.contacts)} contacts` })} ·{' '}
              <Trans>
                Last <RelativeTime time={group.lastSeenAt} now={now} />
              </Trans>
            </span>
            {group.status === 'RESOLVED' && <ResolvedNote group={group} />}
            {mayRerun && group.status !== 'RESOLVED' && (
              <Button
                variant="default"
                size="compact-sm"
                aria-label={t`Fixed? Rerun the runs of ${group.title}`}
                onClick={() => {
                  setRecovered(group.id);
                }}
              >
                {t`Fixed? Rerun ${formatRuns(group.count)}…`}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {recovered !== null && (
        <RecoveryDialog
          selection={{ errorGroup: recovered }}
          onClose={() => {
            setRecovered(null);
          }}
        />
      )}
    </Section>
  );
}
