import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { RefusalDetail } from '../../shared/api/types';
import { useAllows, useLacks } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { KeptEventView } from '../../shared/subjects/KeptEventView';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { ExactTime } from '../../shared/ui/Time';
import { forgetReplayed, replay } from './queries';

interface Props {
  refusal: RefusalDetail;
}

/** The links to what a replay led to. */
function ReplayResult({ refusal }: Props) {
  const { replayRunIds, replayRefusalId } = refusal;
  if (typeof replayRefusalId === 'string') {
    return (
      <p>
        <Trans>
          The event was refused again: <Link to={`/refusals/${replayRefusalId}`}>{replayRefusalId}</Link>.
        </Trans>
      </p>
    );
  }
  const runIds = replayRunIds ?? [];
  if (runIds.length === 0) return <p>{t`The replay opened no run: the trigger’s filter ignored the event.`}</p>;
  return (
    <>
      <p>{plural(runIds.length, { one: 'The replay opened this run:', other: `The replay opened these ${runIds.length} runs:` })}</p>
      <ul>
        {runIds.map((runId) => (
          <li key={runId}>
            <Link to={`/runs/${runId}`}>{runId}</Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function hasEnded({ replayedAt, replayRunIds, replayRefusalId }: RefusalDetail): boolean {
  const hasResult = Array.isArray(replayRunIds) || typeof replayRefusalId === 'string';
  return typeof replayedAt === 'string' && hasResult;
}

/** The button that replays the event; afterwards, who replayed it and what followed. */
function Replay({ refusal }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const mayReplay = useAllows('MEMBER');
  const lacksRole = useLacks('MEMBER');
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => replay(api, refusal.id),
    networkMode: 'always',
    // Also after an error: somebody else may have replayed it.
    onSettled: () => {
      forgetReplayed(queries, refusal.id);
    },
  });
  const { replayedAt, replayedBy } = refusal;
  if (hasEnded(refusal) && typeof replayedAt === 'string') {
    return (
      <Notice title={t`This event was replayed`}>
        <p>
          <Trans>
            By {replayedBy ?? t`an unknown user`}, <ExactTime time={replayedAt} />. An event is
            replayed only once.
          </Trans>
        </p>
        <ReplayResult refusal={refusal} />
      </Notice>
    );
  }
  if (!mayReplay) return lacksRole && <p>{t`The Member role is needed to replay the event.`}</p>;
  const isInterrupted = typeof replayedAt === 'string';
  return (
    <>
      <p>
        {isInterrupted
          ? t`A replay was interrupted. Continue it: runs that it opened are not opened again.`
          : t`Correct the cause first. Then the event can be sent once more, through the trigger of the active version.`}
      </p>
      {error && <ErrorNotice error={error} />}
      <div>
        <Button
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          {isInterrupted ? t`Continue the replay` : t`Replay the event`}
        </Button>
      </div>
    </>
  );
}

/** The event that was refused, and its replay. */
export function RefusedEvent({ refusal }: Props) {
  const { event, keptUntil, erasedAt } = refusal;
  if (!event) {
    return (
      <Section title={t`Event`}>
        {typeof keptUntil === 'string' && !erasedAt ? (
          <p>
            <Trans>
              The event was kept until <ExactTime time={keptUntil} />.
            </Trans>
          </p>
        ) : (
          <p>
            {t`The event is not kept. Only events that pass the checks of size, rate and signature are kept, for 7 days.`}
          </p>
        )}
        {hasEnded(refusal) && <Replay refusal={refusal} />}
      </Section>
    );
  }
  return (
    <>
      <Section title={t`Replay`}>
        <Replay refusal={refusal} />
      </Section>
      <Section title={t`Event`}>
        {typeof keptUntil === 'string' && (
          <p>
            <Trans>
              Kept until <ExactTime time={keptUntil} />. Credentials are not shown.
            </Trans>
          </p>
        )}
        <KeptEventView event={event} />
      </Section>
    </>
  );
}
