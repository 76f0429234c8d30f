import { plural, t } from '@lingui/core/macro';
import { useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { AutomationActivity } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import page from '../../shared/lists/ListPage.module.css';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import { formatRate } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { RelativeTime } from '../../shared/ui/Time';
import { activityBatches, activityQuery, STATISTICS_RANGE } from './queries';
import { statisticsOf } from './runStatistics';

/** What these automations did lately, by their ids; one that is not known yet is missing. */
export function useActivity(ids: readonly string[]): ReadonlyMap<string, AutomationActivity> {
  const { api } = useServices();
  return useQueries({
    queries: activityBatches(ids).map((batch) => activityQuery(api, batch)),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }) => data ?? []).map((activity) => [activity.automationId, activity]),
      ),
  });
}

function runsAddress(automationId: string, more: Partial<RunFilters> = {}): string {
  return RUN_FILTERS.address('/runs', { automationId, ...more });
}

const UNKNOWN: ReactNode = <span className={page.muted}>–</span>;

interface Props {
  activity: AutomationActivity | undefined;
}

/** The number of runs, with a link to them; a dash until it is known. */
export function RunCount({ activity }: Props) {
  if (!activity) return UNKNOWN;
  const { runs, total } = statisticsOf(activity);
  return (
    <Link
      to={runsAddress(activity.automationId, { range: STATISTICS_RANGE })}
      className={page.nowrap ?? ''}
    >
      <span aria-hidden>{runs}</span>
      <span className="visually-hidden">
        {plural(total, { one: `${runs} run in 7 days`, other: `${runs} runs in 7 days` })}
      </span>
    </Link>
  );
}

export function FailureRate({ activity }: Props) {
  const statistics = activity && statisticsOf(activity);
  const rate = statistics?.failureRate ?? null;
  if (!activity || !statistics || rate === null) return UNKNOWN;
  const words = formatRate(rate);
  if (statistics.failed === 0) return <span className={page.nowrap}>{words}</span>;
  return (
    <Link
      to={runsAddress(activity.automationId, { status: 'FAILED', range: STATISTICS_RANGE })}
      className={page.nowrap ?? ''}
    >
      <span aria-hidden>{words}</span>
      <span className="visually-hidden">{t`${words} of the runs failed (${statistics.failed})`}</span>
    </Link>
  );
}

export function LastRun({ activity, now }: Props & { now: number }) {
  const run = activity?.lastRun;
  if (!run) return UNKNOWN;
  return (
    <>
      <Status status={run.status} />{' '}
      <Link to={`/runs/${run.id}`} className={page.nowrap ?? ''}>
        <RelativeTime time={run.createdAt} now={now} />
      </Link>
    </>
  );
}
