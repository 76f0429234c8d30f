import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { FailureGroup, Run } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { formatAtLeast, placeOf } from '../../shared/subjects/failures';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { formatCount, formatRuns } from '../../shared/ui/format';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { FailureActions } from './FailureActions';
import { GroupStatus, StateNote } from './FailureList';
import classes from './Failures.module.css';
import { failureQuery, groupRunsQuery } from './queries';
import { Trend, trendText } from './Trend';

const BACK = { to: '/failures', label: t`Failures` };

export interface PersonHit {
  contact: NonNullable<Run['contact']>;
  /** Newest first. */
  runs: Run[];
}

/** The different contacts of runs, in the order of their newest run. */
export function peopleOf(runs: readonly Run[]): PersonHit[] {
  const people = new Map<string, PersonHit>();
  for (const run of runs) {
    const { contact } = run;
    if (contact === null) continue;
    const known = people.get(contact.id);
    if (known) known.runs.push(run);
    else people.set(contact.id, { contact, runs: [run] });
  }
  return [...people.values()];
}

function Person({ person, now }: { person: PersonHit; now: number }) {
  const { contact, runs } = person;
  const [newest] = runs;
  const isRecovered = runs.every((run) => run.recoveredBy !== null && run.recoveredBy !== undefined);
  return (
    <SimpleListItem
      title={
        <Link to={`/contacts/${contact.id}`}>{contact.email ?? contact.phone ?? contact.id}</Link>
      }
    >
      {newest !== undefined && (
        <>
          <Link className={detail.inText ?? ''} to={`/runs/${newest.id}`}>
            {t`Newest run`}
          </Link>{' '}
          <RelativeTime time={newest.createdAt} now={now} />
        </>
      )}
      {runs.length > 1 && ` · ${formatRuns(runs.length)}`}
      {isRecovered && <> · {t`Recovered by a rerun`}</>}
    </SimpleListItem>
  );
}

function NewestRun({ run, now }: { run: Run; now: number }) {
  const { contact } = run;
  return (
    <SimpleListItem
      title={
        <>
          <Link className={detail.inText ?? ''} to={`/runs/${run.id}`}>
            {contact === null ? run.id : (contact.email ?? contact.phone ?? contact.id)}
          </Link>{' '}
          <span className={classes.muted}>
            <Trans>
              version {run.version}, <RelativeTime time={run.createdAt} now={now} />
            </Trans>
          </span>
        </>
      }
    >
      {run.error?.message ?? ''}
    </SimpleListItem>
  );
}

const NEWEST_RUNS = 10;

/** The list of the runs that were counted. */
function allRuns({ id, trend }: FailureGroup): string {
  return RUN_FILTERS.address('/runs', { errorGroup: id, from: trend.from });
}

/** Who was hit, and the newest runs. Both come from one page of the group's runs. */
function GroupRuns({ group, now }: { group: FailureGroup; now: number }) {
  const { api } = useServices();
  const query = useQuery(groupRunsQuery(api, group));
  const runs = query.data?.items;
  const people = runs && peopleOf(runs);
  return (
    <>
      <Section title={t`Who was hit`}>
        <SimpleList
          label={t`People, the latest failure first`}
          query={{ ...query, data: people }}
          empty={<p>{t`These runs have no contact.`}</p>}
        >
          {(person) => <Person key={person.contact.id} person={person} now={now} />}
        </SimpleList>
        {runs !== undefined && query.data?.nextCursor && (
          <p className={detail.muted}>
            {plural(runs.length, {
              one: 'Only people from the newest run are listed.',
              other: `Only people from the newest ${formatCount(runs.length)} runs are listed.`,
            })}
          </p>
        )}
      </Section>
      <Section title={t`Newest runs`}>
        <SimpleList
          label={t`Runs, newest first`}
          query={{ ...query, data: runs?.slice(0, NEWEST_RUNS) }}
          empty={<p>{t`These runs have expired.`}</p>}
        >
          {(run) => <NewestRun key={run.id} run={run} now={now} />}
        </SimpleList>
        <p>
          <Link to={allRuns(group)}>{t`All its runs`}</Link>
        </p>
      </Section>
    </>
  );
}

function Loaded({ group }: { group: FailureGroup }) {
  const now = useNow();
  const { count, contacts, isComplete } = group;
  return (
    <>
      <DetailHeader
        title={group.title}
        noun={t`failure`}
        id={group.id}
        state={<GroupStatus status={group.status} />}
        actions={<FailureActions group={group} />}
      >
        <StateNote group={group} now={now} />
        {group.newestMessage !== null && group.newestMessage !== group.title && (
          <p className={classes.message}>{group.newestMessage}</p>
        )}
        <Facts>
          <Fact name={t`Where`}>
            <Link to={`/automations/${group.automationId}`}>{placeOf(group)}</Link>
          </Fact>
          <Fact name={t`Runs`}>
            <Link to={allRuns(group)}>{formatAtLeast(count, isComplete)}</Link>
          </Fact>
          <Fact name={t`People hit`}>{formatAtLeast(contacts, isComplete)}</Fact>
          <Fact name={t`First seen`}>
            <ExactTime time={group.firstSeenAt} />
          </Fact>
          <Fact name={t`First in version`}>{formatCount(group.firstVersion)}</Fact>
          <Fact name={t`Last seen`}>
            <ExactTime time={group.lastSeenAt} />
          </Fact>
        </Facts>
        <div className={classes.trendBlock}>
          <Trend trend={group.trend} />
          <p className={detail.muted}>{trendText(group.trend)}</p>
        </div>
      </DetailHeader>
      <GroupRuns group={group} now={now} />
    </>
  );
}

/** One failure: its numbers, the people hit, and its newest runs. */
export default function FailurePage() {
  const { api } = useServices();
  const { groupId = '' } = useParams();
  const query = useQuery(failureQuery(api, groupId));
  return (
    <DetailPage noun={t`failure`} back={BACK} query={query} title={({ title }) => title}>
      {(group) => <Loaded group={group} />}
    </DetailPage>
  );
}
