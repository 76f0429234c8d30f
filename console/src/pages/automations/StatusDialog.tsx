import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useServices } from '../../shared/auth/services';
import { useNodeTypes } from '../../shared/graph/useNodeTypes';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { formatCount } from '../../shared/ui/format';
import classes from './AutomationPage.module.css';
import { toDocument } from './editor/document';
import { problemsIn } from './editor/problems';
import { problemPlace, problemText } from './problemWords';
import {
  automationQuery,
  type StatusChange,
  changeStatus,
  rememberAutomation,
  runCountsQuery,
} from './queries';
import { useEventWarnings } from './recordedEvents';
import { statisticsOf } from './runStatistics';
import { ShownSecret } from './ShownSecret';
import type { Activation, Automation } from './types';

interface Props {
  automation: Automation;
  change: StatusChange;
  onClose: () => void;
  /** Runs the automation that was activated; absent where that is not offered. */
  onRun?: (activated: Automation) => void;
}

const WORDS: Record<StatusChange, { title: string; doIt: string; leave: string }> = {
  activate: { title: t`Activate this automation?`, doIt: t`Activate`, leave: t`Cancel` },
  pause: { title: t`Pause this automation?`, doIt: t`Pause`, leave: t`Cancel` },
  archive: { title: t`Archive this automation?`, doIt: t`Archive permanently`, leave: t`Cancel` },
};

/** What pausing or archiving does to open runs. */
function OpenRuns({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { data } = useQuery(runCountsQuery(api, automationId));
  const open = data ? statisticsOf(data).open : null;
  return (
    <li>
      {open === null && t`Open runs will be canceled.`}
      {open === 0 && t`Any open run will be canceled.`}
      {open !== null && open > 0 && (
        <Trans>
          <strong>
            {plural(open, {
              one: 'The open run of the last 7 days',
              other: `All ${formatCount(open)} open runs of the last 7 days`,
            })}
          </strong>
           and all open runs from before will be canceled.
        </Trans>
      )}{' '}
      {t`No further step starts. Messages that were already sent cannot be recalled.`}
    </li>
  );
}

function Consequences({ automation, change }: Pick<Props, 'automation' | 'change'>) {
  if (change === 'activate') {
    const next = automation.hasUnpublishedChanges;
    return (
      <ul>
        <li>
          {next
            ? t`The draft becomes the next version, and new events use it from now on.`
            : t`Version ${automation.version ?? ''} accepts events again.`}
        </li>
        <li>
          {next ? t`Open runs continue with their version.` : t`Open runs are not affected.`}
        </li>
        {automation.status === 'PAUSED' && (
          <li>{t`Runs that were canceled by pausing stay canceled.`}</li>
        )}
      </ul>
    );
  }
  return (
    <ul>
      <li>{t`No new runs: triggers are refused and listed under Refused events.`}</li>
      <OpenRuns automationId={automation.id} />
      <li>
        {change === 'pause'
          ? t`You can activate the automation again. After that, only new events open runs.`
          : t`The automation can never be edited or activated again. Its history is kept.`}
      </li>
    </ul>
  );
}

/** Shows that an activation is in progress, or why it failed. */
function ActivationNotice({ activation }: { activation: Activation }) {
  if (activation.status === 'PENDING') {
    return (
      <Notice title={t`Version ${activation.version} is being activated`}>
        <p>
          {t`This can take a few minutes if many versions are being activated, or if AWS is not ready. The activation continues if you leave this page.`}
        </p>
      </Notice>
    );
  }
  return (
    <Notice tone="bad" title={t`Version ${activation.version} was not activated`}>
      <p>{activation.problem?.message}</p>
    </Notice>
  );
}

/** Values that the texts of the draft need and that no recorded event had. */
function MissingValues({ automation }: { automation: Automation }) {
  const draft = useMemo(() => toDocument(automation), [automation]);
  const nodeTypes = useNodeTypes();
  const warnings = useEventWarnings(automation.id, draft, automation.hasUnpublishedChanges);
  if (warnings.length === 0) return null;
  return (
    <Notice title={t`Runs may fail: recorded events lack values`}>
      <ul className={classes.plain}>
        {warnings.map((warning, index) => (
          <li key={index}>
            <strong>{problemPlace(warning, draft, nodeTypes)}</strong> {warning.message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

/** Why an activation was refused: the draft's problems, or the error. */
function Refusal({ automation, error }: { automation: Automation; error: Error }) {
  const nodeTypes = useNodeTypes();
  const problems = problemsIn(error) ?? [];
  if (problems.length === 0) return <ErrorNotice error={error} />;
  const draft = toDocument(automation);
  return (
    <Notice tone="bad" title={t`The draft has problems`}>
      <ul className={classes.plain}>
        {problems.map((problem, index) => (
          <li key={index}>
            <strong>{problemPlace(problem, draft, nodeTypes)}</strong>{' '}
            {problemText(problem, draft, nodeTypes)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

interface ActivatedProps {
  automation: Automation;
  onRun: (activated: Automation) => void;
  onClose: () => void;
}

/** The end of an activation: what is usually done next. */
function Activated({ automation, onRun, onClose }: ActivatedProps) {
  return (
    <Dialog title={t`Automation activated`} opened onClose={onClose}>
      <p>
        <Trans>
          Version {automation.version} of “{automation.name}” accepts events now. You can try it with
          one contact.
        </Trans>
      </p>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t`Not now`}
        </Button>
        <Button
          data-autofocus
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => {
            onRun(automation);
          }}
        >
          {t`Run now`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Asks before an automation is activated, paused or archived. */
export function StatusDialog({ automation, change, onClose, onRun }: Props) {
  const [isStored, setStored] = useState(false);
  const { api } = useServices();
  const queries = useQueryClient();
  const { title, doIt, leave } = WORDS[change];
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => changeStatus(api, automation.id, change),
    networkMode: 'always',
    onSuccess: (changed) => {
      rememberAutomation(queries, changed);
    },
  });
  const asked = change === 'activate' ? (data?.activation ?? null) : null;
  const isAsked = asked !== null && asked.status !== 'ACTIVE';
  const { data: latest } = useQuery({ ...automationQuery(api, automation.id), enabled: isAsked });
  // If a newer activation replaced this one, show the newer one.
  const now = isAsked ? (latest?.activation ?? asked) : asked;
  const secret = data?.webhook?.secret ?? data?.activation?.secret;
  const isDone = data !== undefined && (now === null || now.status === 'ACTIVE');
  const shown = isAsked ? latest : data;
  const runs = change === 'activate' && shown?.status === 'ACTIVE' ? onRun : undefined;
  const closes = isDone && !secret && !runs;
  useEffect(() => {
    if (isDone && isAsked) {
      void queries.invalidateQueries({ queryKey: ['automation', automation.id] });
    }
  }, [isDone, isAsked, queries, automation.id]);
  useEffect(() => {
    if (closes) onClose();
  });
  if (isDone && shown && runs && (isStored || !secret)) {
    return <Activated automation={shown} onRun={runs} onClose={onClose} />;
  }
  if (secret && data) {
    return (
      <Dialog
        title={isDone ? t`Automation activated` : t`Store the signing secret`}
        opened
        onClose={onClose}
      >
        {now && !isDone && <ActivationNotice activation={now} />}
        <ShownSecret secret={secret} />
        <DialogActions>
          <Button
            onClick={() => {
              if (runs) setStored(true);
              else onClose();
            }}
          >
            {t`I have stored the secret`}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  if (now && !isDone) {
    return (
      <Dialog title={WORDS.activate.title} opened onClose={onClose}>
        <ActivationNotice activation={now} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t`Close`}
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} opened onClose={onClose}>
      <Consequences automation={automation} change={change} />
      {change === 'activate' && <MissingValues automation={automation} />}
      {error && <Refusal automation={automation} error={error} />}
      <DialogDecision
        cancel={leave}
        confirm={doIt}
        isPending={isPending}
        isDanger={change !== 'activate'}
        onCancel={onClose}
        onConfirm={mutate}
      />
    </Dialog>
  );
}
