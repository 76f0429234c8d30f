import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { Overview } from '../../shared/api/types';
import page from '../../shared/lists/ListPage.module.css';
import { formatCount, formatMoment, formatRuns } from '../../shared/ui/format';
import { hourAddress } from './addresses';

/** What a number usually is at this weekday and hour; nothing if that is not known. */
export function Usually({ count }: { count: number | undefined }) {
  if (count === undefined) return null;
  return (
    <p title={t`The median of this weekday and hour in the last four weeks`}>
      {t`Usually ${formatCount(count)}`}
    </p>
  );
}

interface Props {
  /** Undefined until the first answer; the line keeps its place. */
  hour: Overview['lastHour'] | undefined;
  now: number;
}

/** The hours that were compared, each with its list. */
export function EarlierWeeks({ hour, now }: Props) {
  if (hour === undefined) return <p className={page.muted}>{'\u00a0'}</p>;
  if (hour.usual === null) {
    return (
      <p className={page.muted}>
        {t`The usual numbers of this hour appear here after two weeks of runs.`}
      </p>
    );
  }
  const { hours } = hour.usual;
  return (
    <p className={page.muted}>
      {t`The same hour in earlier weeks:`}{' '}
      {hours.map((hour, index) => (
        <span key={hour.to}>
          {index > 0 && ' · '}
          <Link to={hourAddress(hour)} title={t`The hour until ${formatMoment(hour.to, now)}`}>
            {formatRuns(hour.runs)}
          </Link>
        </span>
      ))}
    </p>
  );
}
