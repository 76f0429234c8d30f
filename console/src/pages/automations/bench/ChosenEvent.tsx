import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { useKeptState } from '../../../shared/address/addressState';
import type { CapturedEvents } from '../../../shared/api/types';
import { useAllows } from '../../../shared/auth/role';
import { useServices } from '../../../shared/auth/services';
import type { Graph } from '../../../shared/graph/model';
import { ANY_TRIGGER, EDITOR_PAGE } from '../../../shared/subjects/automations';
import { KeptEventView } from '../../../shared/subjects/KeptEventView';
import { Section } from '../../../shared/ui/Detail';
import { ErrorNotice } from '../../../shared/ui/ErrorNotice';
import { writtenPath } from '../../../shared/ui/valuePath';
import { eventQuery, type EventRow, type LoadedEvent, triggerBody } from '../events';
import { partOf } from '../pickedPart';
import { intakeOf } from '../sources';
import type { Automation } from '../types';
import { triggerOf } from '../webhook';
import { MessagePreview } from './MessagePreview';
import classes from './TestBench.module.css';

interface Props {
  automation: Automation;
  graph: Graph;
  eventKey: string;
  /** Null if the event is not among the last ones. */
  row: EventRow | null;
  captured: CapturedEvents | undefined;
  onRun: (payload: Record<string, unknown>) => void;
}

/** The pages of the runs and the refusal that an event led to. */
function Results({ row, eventKey }: Pick<Props, 'row' | 'eventKey'>) {
  const [kind, id] = eventKey.split(':');
  const runIds = row?.runIds ?? (kind === 'run' && id !== undefined ? [id] : []);
  const refusalId = row?.refusalId ?? (kind === 'refusal' ? id : undefined);
  if (runIds.length === 0 && !refusalId) return null;
  return (
    <ul className={classes.results}>
      {runIds.map((runId) => (
        <li key={runId}>
          <Link to={`/runs/${runId}`}>{t`Run ${runId}`}</Link>
        </li>
      ))}
      {refusalId && (
        <li>
          <Link to={`/refusals/${refusalId}`}>{t`Refusal ${refusalId}`}</Link>
        </li>
      )}
    </ul>
  );
}

type ActionsProps = Pick<Props, 'automation' | 'eventKey' | 'onRun'> & {
  payload: Record<string, unknown>;
};

function Actions({ automation, eventKey, onRun, payload }: ActionsProps) {
  const mayEdit = useAllows('ADMIN');
  const mayRun = useAllows('MEMBER');
  const state = useKeptState();
  const { id, status } = automation;
  return (
    <div className={classes.actions}>
      {mayEdit && status !== 'ARCHIVED' && (
        <Button
          component={Link}
          to={EDITOR_PAGE.address(`/automations/${id}/edit`, {
            node: ANY_TRIGGER,
            example: eventKey,
          })}
          state={state}
          variant="default"
        >
          {t`Use this event in the editor`}
        </Button>
      )}
      {mayRun && status === 'ACTIVE' && (
        <Button
          variant="default"
          onClick={() => {
            onRun(payload);
          }}
        >
          {t`Run now with this event`}
        </Button>
      )}
    </div>
  );
}

type ShownProps = Omit<Props, 'row' | 'captured'> & { loaded: LoadedEvent };

function Shown({ automation, graph, eventKey, onRun, loaded }: ShownProps) {
  const clipboard = useClipboard({ timeout: 4_000 });
  const [copied, setCopied] = useState<string | null>(null);
  const trigger = triggerOf(graph);
  const part = partOf(loaded.document, 'RUN', (trigger && intakeOf(trigger)) ?? {});
  const payload = triggerBody(part.value);
  return (
    <>
      <Actions automation={automation} eventKey={eventKey} onRun={onRun} payload={payload} />
      <KeptEventView
        event={{ ...loaded.event, body: loaded.document }}
        picking={{
          verb: t`Copy`,
          onPick: (steps) => {
            const path = writtenPath(steps);
            clipboard.copy(path);
            setCopied(path);
          },
        }}
      />
      <p className={classes.none} role="status">
        {copied !== null && clipboard.copied
          ? t`Copied the path ${copied}.`
          : t`Click a field to copy its path.`}
      </p>
      <MessagePreview graph={graph} loaded={loaded} payload={payload} />
    </>
  );
}

/** One event: its content, what it led to, and what can be tried with it. */
export function ChosenEvent({ row, captured, ...rest }: Props) {
  const { api } = useServices();
  const { eventKey } = rest;
  const isKept = row?.isKept ?? true;
  const { data, error, isPending } = useQuery({
    ...eventQuery(api, eventKey, captured),
    enabled: isKept && (captured !== undefined || !eventKey.startsWith('captured:')),
  });
  return (
    <Section title={t`Event`}>
      {row && <p>{row.text}</p>}
      <Results row={row} eventKey={eventKey} />
      {error && <ErrorNotice error={error} />}
      {(!isKept || data === null) && <p className={classes.none}>{t`The event’s content is not kept.`}</p>}
      {isKept && isPending && <p role="status">{t`Loading the event…`}</p>}
      {data && <Shown {...rest} loaded={data} />}
    </Section>
  );
}
