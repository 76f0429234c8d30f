import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import { Link, useParams } from 'react-router';
import { useAddressState } from '../../shared/address/addressState';
import { isOpenRun, runQuery } from '../../shared/api/queries';
import type { Run, RunDetail } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { versionAddress } from '../../shared/subjects/automations';
import { RUN_PAGE } from '../../shared/subjects/runs';
import { triggerWord } from '../../shared/subjects/triggers';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { formatDuration, formatWord } from '../../shared/ui/format';
import { Panel } from '../../shared/ui/Panel';
import { Status } from '../../shared/ui/Status';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import { contactName, healthText, runDuration, shownStatus } from './describe';
import { EventSection } from './EventSection';
import { FailurePanel } from './FailurePanel';
import { GraphPanel } from './GraphPanel';
import { RerunFacts, Reruns } from './RerunLinks';
import { RunActions } from './RunActions';
import { KeysFact } from './RunKeys';
import classes from './RunPage.module.css';
import { goToStep, moved, showStep, toggled } from './stepNavigation';
import { StepTrace } from './StepTrace';

function Contact({ contact }: Pick<Run, 'contact'>) {
  if (contact === null) return t`No contact`;
  return <Link to={`/contacts/${contact.id}`}>{contactName(contact)}</Link>;
}

function RunFacts({ run, now }: { run: RunDetail; now: number }) {
  const duration = runDuration(run, now);
  return (
    <Facts>
      <Fact name={t`Contact`}>
        <Contact contact={run.contact} />
      </Fact>
      <Fact name={t`Trigger`}>
        {triggerWord(run)}
        {run.upstream && (
          <span>
            <Link to={`/runs/${run.upstream.runId}`}>{run.upstream.automationName ?? t`Another run`}</Link>
          </span>
        )}
      </Fact>
      <Fact name={t`Created`}>
        <ExactTime time={run.createdAt} />
        <span className={detail.muted}>
          <RelativeTime time={run.createdAt} now={now} />
        </span>
      </Fact>
      <Fact name={t`Started`}>
        {run.startedAt === null ? t`Not yet` : <ExactTime time={run.startedAt} />}
      </Fact>
      <Fact name={t`Finished`}>
        {run.finishedAt === null ? t`Not yet` : <ExactTime time={run.finishedAt} />}
      </Fact>
      <Fact name={t`Duration`}>{duration === null ? '–' : formatDuration(duration)}</Fact>
      <KeysFact run={run} />
      <RerunFacts run={run} />
    </Facts>
  );
}

function Canceled({ run }: { run: Run }) {
  if (!run.canceled) return null;
  const { by, reason, at } = run.canceled;
  return (
    <Panel label={t`Canceled`} title={t`Canceled by ${by}`}>
      <p>{reason}</p>
      <p className={detail.muted}>
        <ExactTime time={at} />
      </p>
    </Panel>
  );
}

/** The runs that were opened when this one ended. */
function Downstream({ run }: { run: RunDetail }) {
  if (run.downstream.length === 0) return null;
  return (
    <Section title={t`Runs opened by this run`}>
      <ul className={classes.downstream}>
        {run.downstream.map(({ runId, automationName, status }) => (
          <li key={runId}>
            <Status status={status} /> <Link to={`/runs/${runId}`}>{automationName}</Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Loaded({ run }: { run: RunDetail }) {
  const open = isOpenRun(run);
  const now = useNow(open ? 1_000 : 60_000);
  const [{ step: openSteps }, changeAddress] = useAddressState(RUN_PAGE);
  const health = healthText(run, now);

  // A link to a step scrolls to the step.
  const linked = useRef(openSteps[0]);
  const { id } = run;
  useEffect(() => {
    if (linked.current !== undefined) showStep(id, linked.current);
  }, [id]);

  const change = useCallback(
    (next: (nodeIds: readonly string[]) => readonly string[]) => {
      changeAddress(({ step }) => ({ step: next(step) }), 'replace');
    },
    [changeAddress],
  );
  const toggle = useCallback(
    (nodeId: string, isToOpen: boolean) => {
      change((nodeIds) => toggled(nodeIds, nodeId, isToOpen));
    },
    [change],
  );
  const move = useCallback(
    (from: string, to: string) => {
      change((nodeIds) => moved(nodeIds, from, to));
    },
    [change],
  );

  function show(nodeId: string) {
    if (!run.steps.some((step) => step.nodeId === nodeId)) return;
    toggle(nodeId, true);
    goToStep(run.id, nodeId);
  }

  return (
    <>
      <DetailHeader
        title={run.automationName}
        id={run.id}
        noun={t`run`}
        state={
          <>
            <Link to={versionAddress(run.automationId, run.version)}>{t`version ${run.version}`}</Link>
            <span role="status" className={detail.state}>
              <Status status={shownStatus(run)} />
              {health !== null && <span className={detail.muted}>{health}</span>}
            </span>
          </>
        }
        actions={<RunActions run={run} />}
      >
        <FailurePanel run={run} onOpenStep={show} />
        <RunFacts run={run} now={now} />
      </DetailHeader>
      <UnreadableNotice what={t`run`} message={run.unreadable} />
      <Canceled run={run} />
      <div className={classes.main}>
        <div className={classes.trace}>
          <StepTrace
            heading={t`Steps`}
            run={run}
            openSteps={openSteps}
            now={now}
            onToggle={toggle}
            onMove={move}
            hasEvent
          />
          <Reruns run={run} />
          <Downstream run={run} />
          <EventSection run={run} />
        </div>
        <GraphPanel run={run} selected={openSteps.at(-1) ?? null} onSelect={show} />
      </div>
    </>
  );
}

export default function RunPage() {
  const { api } = useServices();
  const { runId = '' } = useParams();
  const query = useQuery(runQuery(api, runId));
  return (
    <DetailPage
      noun={t`run`}
      back={{ to: '/runs', label: t`Run history` }}
      query={query}
      isWide
      title={(run) => `${run.automationName}, ${formatWord(run.status)}`}
    >
      {(run) => <Loaded run={run} />}
    </DetailPage>
  );
}
