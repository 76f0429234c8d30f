import { t } from '@lingui/core/macro';
import { Plural, Trans } from '@lingui/react/macro';
import { IconAlertCircle, IconCircleCheck } from '@tabler/icons-react';
import { Link } from 'react-router';
import type { FailureGroup } from '../../shared/api/types';
import type { Period } from '../../shared/lists/filters';
import { formatAtLeast, placeOf } from '../../shared/subjects/failures';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { useListState } from '../../shared/ui/Detail';
import { formatMoment } from '../../shared/ui/format';
import { StatusBadge } from '../../shared/ui/Status';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import { FailureActions } from './FailureActions';
import classes from './Failures.module.css';
import { Trend } from './Trend';

const LOOKS = {
  OPEN: { icon: IconAlertCircle, tone: 'bad' },
  RESOLVED: { icon: IconCircleCheck, tone: 'good' },
} as const;

export function GroupStatus({ status }: Pick<FailureGroup, 'status'>) {
  return <StatusBadge status={status} look={LOOKS[status]} />;
}

/** When and by whom the group was resolved, or that it failed again. */
export function StateNote({ group, now }: { group: FailureGroup; now: number }) {
  const { resolvedAt, resolvedBy, note, reopenedAt } = group;
  if (resolvedAt !== null) {
    return (
      <p>
        <Trans>
          Resolved by {resolvedBy}, {formatMoment(resolvedAt, now)}
        </Trans>
        {note !== null && <>: {note}</>}
      </p>
    );
  }
  if (reopenedAt === null) return null;
  return <p>{t`Reopened ${formatMoment(reopenedAt, now)}, after it was resolved`}</p>;
}

interface ItemProps {
  group: FailureGroup;
  /** The period in which its runs were counted. */
  period: Period;
  now: number;
}

function Item({ group, period: { range, from, to }, now }: ItemProps) {
  const state = useListState();
  const { count, contacts, isComplete } = group;
  const runs = RUN_FILTERS.address('/runs', { errorGroup: group.id, range, from, to });
  return (
    <li className={classes.item} data-group={group.id}>
      <div className={classes.numbers}>
        <Link className={classes.number ?? ''} to={runs}>
          <Plural
            value={count}
            one={<Trans><strong>{formatAtLeast(count, isComplete)}</strong> run</Trans>}
            other={<Trans><strong>{formatAtLeast(count, isComplete)}</strong> runs</Trans>}
          />
        </Link>
        <Link className={classes.number ?? ''} to={`/failures/${group.id}`} state={state}>
          <Plural
            value={contacts}
            one={<Trans><strong>{formatAtLeast(contacts, isComplete)}</strong> person</Trans>}
            other={<Trans><strong>{formatAtLeast(contacts, isComplete)}</strong> people</Trans>}
          />
        </Link>
        <Trend trend={group.trend} />
      </div>
      <div className={classes.words}>
        <p className={classes.title}>
          <Link to={`/failures/${group.id}`} state={state}>
            {group.title}
          </Link>{' '}
          <GroupStatus status={group.status} />
        </p>
        <p className={classes.muted}>
          <Link to={`/automations/${group.automationId}`}>{placeOf(group)}</Link>
        </p>
        {group.newestMessage !== null && group.newestMessage !== group.title && (
          <p className={classes.message} title={group.newestMessage}>
            {group.newestMessage}
          </p>
        )}
        <p className={classes.muted}>
          <Trans>
            Last failed <RelativeTime time={group.lastSeenAt} now={now} />, first failed{' '}
            <RelativeTime time={group.firstSeenAt} now={now} /> in version {group.firstVersion}
          </Trans>
        </p>
        <StateNote group={group} now={now} />
      </div>
      <FailureActions group={group} />
    </li>
  );
}

interface ListProps extends Pick<ItemProps, 'period'> {
  label: string;
  groups: FailureGroup[];
}

/** Failure groups, in the order of the API. */
export function FailureList({ label, groups, period }: ListProps) {
  const now = useNow();
  return (
    <ul className={classes.list} aria-label={label}>
      {groups.map((group) => (
        <Item key={group.id} group={group} period={period} now={now} />
      ))}
    </ul>
  );
}
