import { plural, t } from '@lingui/core/macro';
import { Button, Progress } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import type { Recovery, RecoveryItem } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ResolvedNote } from '../../shared/subjects/ResolvedNote';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { formatCount, formatWord } from '../../shared/ui/format';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { ExactTime } from '../../shared/ui/Time';
import {
  changeRecovery,
  failureGroupQuery,
  type RecoveryChange,
  recoveryQuery,
  recoveryRunsQuery,
} from './queries';
import { RecoveryStatusBadge } from './RecoveryStatusBadge';
import { RerunsLink } from './RerunsLink';

const BACK = { to: '/recoveries', label: t`Recoveries` };

const WHY_PAUSED: Record<string, string> = {
  CANARY_FAILED: t`One of the canary’s reruns failed.`,
  STOPPED_AFTER_FAILURES: t`Too many reruns failed.`,
};

function Actions({ recovery }: { recovery: Recovery }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const mayAct = useAllows('MEMBER');
  const [aborting, setAborting] = useState(false);
  const { status } = recovery;
  const id = recovery.id ?? '';

  async function change(what: RecoveryChange) {
    const changed = await changeRecovery(api, id, what);
    queries.setQueryData(['recovery', id], changed);
    void queries.invalidateQueries({ queryKey: ['recoveries'] });
  }

  const { mutate, error, isPending } = useMutation({ mutationFn: change, networkMode: 'always' });
  if (!mayAct || status === 'COMPLETED' || status === 'ABORTED') return null;
  const mayContinue = status === 'WAITING' || status === 'PAUSED';
  return (
    <>
      {error && <ErrorNotice error={error} />}
      {mayContinue && (
        <Button
          loading={isPending}
          onClick={() => {
            mutate('continue');
          }}
        >
          {t`Continue`}
        </Button>
      )}
      {status !== 'PAUSED' && (
        <Button
          variant="default"
          loading={isPending}
          onClick={() => {
            mutate('pause');
          }}
        >
          {t`Pause`}
        </Button>
      )}
      <Button
        variant="default"
        onClick={() => {
          setAborting(true);
        }}
      >
        {t`Abort…`}
      </Button>
      {aborting && (
        <ConfirmDialog
          title={t`Abort this recovery?`}
          action={t`Abort`}
          run={() => change('abort')}
          onClose={() => {
            setAborting(false);
          }}
        >
          <p>{t`No more runs are rerun. Reruns that are already open continue. An aborted recovery cannot be continued.`}</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** The failure group whose runs are rerun. */
function FailureFact({ id, isOver }: { id: string; isOver: boolean }) {
  const { api } = useServices();
  // Asked for again when the recovery ends, because that may resolve it.
  const { data: group } = useQuery(failureGroupQuery(api, id, isOver));
  return (
    <Fact name={t`Failure`}>
      <Link to={`/failures/${id}`}>{group?.title ?? id}</Link>
      {group?.status === 'RESOLVED' && <ResolvedNote group={group} />}
    </Fact>
  );
}

function RecoveryFacts({ recovery }: { recovery: Recovery }) {
  const { counts, canary, isSelected, errorGroup } = recovery;
  return (
    <Facts>
      {errorGroup !== null && <FailureFact id={errorGroup} isOver={recovery.finishedAt !== null} />}
      <Fact name={t`Runs`}>
        {formatCount(counts.eligible)}
        {!isSelected && '+'}
      </Fact>
      <Fact name={t`Reruns opened`}>
        {formatCount(counts.opened)}
        <RerunsLink recovery={recovery} />
      </Fact>
      <Fact name={t`Completed`}>{formatCount(counts.completed)}</Fact>
      <Fact name={t`Failed`}>{formatCount(counts.failed)}</Fact>
      <Fact name={t`Canceled`}>{formatCount(counts.canceled)}</Fact>
      <Fact name={t`Waiting for another run`}>{formatCount(counts.blocked)}</Fact>
      <Fact name={t`Canary`}>
        {canary === null
          ? t`None`
          : t`${formatCount(canary.count)}, then ${formatWord(canary.then).toLowerCase()}`}
      </Fact>
      <Fact name={t`Pace`}>{t`${formatCount(recovery.ratePerMinute)} a minute`}</Fact>
      <Fact name={t`Pauses after`}>
        {plural(recovery.stopAfterFailures, {
          one: '1 failed rerun',
          other: `${formatCount(recovery.stopAfterFailures)} failed reruns`,
        })}
      </Fact>
      <Fact name={t`Requested`}>
        {recovery.requestedBy}
        <ExactTime time={recovery.createdAt} />
      </Fact>
    </Facts>
  );
}

function Excluded({ excluded }: { excluded: Record<string, number> }) {
  const reasons = Object.entries(excluded).filter(([, count]) => count > 0);
  if (reasons.length === 0) return null;
  return (
    <Section title={t`Left out`}>
      <ul>
        {reasons.map(([reason, count]) => (
          <li key={reason}>
            {formatWord(reason)}: {formatCount(count)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Item({ item }: { item: RecoveryItem }) {
  const { runId, rerunId, state, result, reason, detail: more } = item;
  return (
    <SimpleListItem title={<Link to={`/runs/${runId}`}>{runId}</Link>}>
      {formatWord(result ?? state)}
      {reason !== null && `: ${formatWord(reason).toLowerCase()}`}
      {more !== null && `, ${more}`}
      {rerunId !== null && (
        <>
          {' · '}
          <Link className={detail.inText ?? ''} to={`/runs/${rerunId}`}>
            {t`Rerun`}
          </Link>{' '}
          ·{' '}
          <Link className={detail.inText ?? ''} to={`/runs/${runId}/compare/${rerunId}`}>
            {t`Compare`}
          </Link>
        </>
      )}
    </SimpleListItem>
  );
}

function Loaded({ recovery }: { recovery: Recovery }) {
  const { api } = useServices();
  const { counts, status, statusReason } = recovery;
  const runs = useQuery(recoveryRunsQuery(api, recovery));
  const ended = counts.completed + counts.failed + counts.canceled;
  return (
    <>
      <DetailHeader
        title={recovery.reason ?? t`Recovery`}
        noun={t`recovery`}
        id={recovery.id ?? ''}
        state={
          <span role="status" className={detail.state}>
            <RecoveryStatusBadge status={status} />
          </span>
        }
        actions={<Actions recovery={recovery} />}
      >
        <Progress
          aria-label={t`Ended reruns`}
          value={counts.eligible === 0 ? 0 : (100 * ended) / counts.eligible}
        />
        <RecoveryFacts recovery={recovery} />
      </DetailHeader>
      {status === 'WAITING' && (
        <Notice title={t`The canary has completed`}>
          <p>{t`Look at the canary’s reruns below, then continue with the other runs.`}</p>
        </Notice>
      )}
      {status === 'PAUSED' && statusReason !== null && (
        <Notice tone="bad" title={t`The recovery paused`}>
          <p>{WHY_PAUSED[statusReason] ?? formatWord(statusReason)}</p>
        </Notice>
      )}
      <Excluded excluded={counts.excluded} />
      <Section title={t`Runs`}>
        <SimpleList
          label={t`Runs of the recovery`}
          query={{ ...runs, data: runs.data?.items }}
          empty={<p>{t`No runs yet.`}</p>}
        >
          {(item) => <Item key={item.runId} item={item} />}
        </SimpleList>
        {runs.data?.nextCursor && (
          <p className={detail.muted}>
            {plural(runs.data.items.length, {
              one: 'Only the first run is listed.',
              other: `Only the first ${formatCount(runs.data.items.length)} runs are listed.`,
            })}
          </p>
        )}
      </Section>
    </>
  );
}

export default function RecoveryPage() {
  const { api } = useServices();
  const { recoveryId = '' } = useParams();
  const query = useQuery(recoveryQuery(api, recoveryId));
  return (
    <DetailPage
      noun={t`recovery`}
      back={BACK}
      query={query}
      title={(recovery) => recovery.reason ?? t`Recovery`}
    >
      {(recovery) => <Loaded recovery={recovery} />}
    </DetailPage>
  );
}
