import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Link, useParams } from 'react-router';
import { useAddressState } from '../../shared/address/addressState';
import { isOpenRun, runQuery } from '../../shared/api/queries';
import type { Run, RunDetail } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { RunGraph } from '../../shared/graph';
import { versionAddress } from '../../shared/subjects/automations';
import { RUN_FILTERS, RUN_PAGE } from '../../shared/subjects/runs';
import { triggerWord } from '../../shared/subjects/triggers';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { FallbackBoundary } from '../../shared/ui/FallbackBoundary';
import { formatDuration, formatWord } from '../../shared/ui/format';
import { Json } from '../../shared/ui/Json';
import { ErrorKind, Panel } from '../../shared/ui/Panel';
import { Status } from '../../shared/ui/Status';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import { contactName, healthText, runDuration } from './describe';
import { RerunFacts, Reruns } from './RerunLinks';
import { RunActions } from './RunActions';
import classes from './RunPage.module.css';
import { goToStep, moved, showStep, stepElementId, toggled } from './stepNavigation';
import { StepTrace } from './StepTrace';

function Contact({ contact }: Pick<Run, 'contact'>) {
  if (contact === null) return 'No contact';
  return <Link to={`/contacts/${contact.id}`}>{contactName(contact)}</Link>;
}

function RunFacts({ run, now }: { run: RunDetail; now: number }) {
  const duration = runDuration(run, now);
  return (
    <Facts>
      <Fact name="Contact">
        <Contact contact={run.contact} />
      </Fact>
      <Fact name="Trigger">
        {triggerWord(run)}
        {run.upstream && (
          <span>
            by <Link to={`/runs/${run.upstream.runId}`}>{run.upstream.automationName ?? 'a run'}</Link>
          </span>
        )}
      </Fact>
      <Fact name="Created">
        <ExactTime time={run.createdAt} />
        <span className={detail.muted}>
          <RelativeTime time={run.createdAt} now={now} />
        </span>
      </Fact>
      <Fact name="Started">
        {run.startedAt === null ? 'Not yet' : <ExactTime time={run.startedAt} />}
      </Fact>
      <Fact name="Finished">
        {run.finishedAt === null ? 'Not yet' : <ExactTime time={run.finishedAt} />}
      </Fact>
      <Fact name="Duration">{duration === null ? '–' : formatDuration(duration)}</Fact>
      <RerunFacts run={run} />
    </Facts>
  );
}

function Failure({ run, onOpenStep }: { run: RunDetail; onOpenStep: (nodeId: string) => void }) {
  const { error } = run;
  if (!error) return null;
  const { nodeId } = error;
  const hasStep = run.steps.some((step) => step.nodeId === nodeId);
  return (
    <Panel
      label="Error"
      title={nodeId === null ? 'The run failed' : `Failed at ${nodeId}`}
      tone="bad"
    >
      <p>{error.message}</p>
      <ErrorKind kind={error.kind} />
      {error.cause !== null && <Json label="Cause" value={error.cause} />}
      <p className={classes.links}>
        {nodeId !== null && hasStep && (
          <a
            href={`#${stepElementId(run.id, nodeId)}`}
            onClick={(event) => {
              event.preventDefault();
              onOpenStep(nodeId);
            }}
          >
            Open the step
          </a>
        )}
        {run.errorGroup !== null && (
          <Link to={RUN_FILTERS.address('/runs', { errorGroup: run.errorGroup, range: '30d' })}>
            Runs with the same error
          </Link>
        )}
      </p>
    </Panel>
  );
}

function Canceled({ run }: { run: Run }) {
  if (!run.canceled) return null;
  const { by, reason, at } = run.canceled;
  return (
    <Panel label="Canceled" title={`Canceled by ${by}`}>
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
    <Section title="Runs opened by this run">
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

  function change(next: (nodeIds: readonly string[]) => readonly string[]) {
    changeAddress(({ step }) => ({ step: next(step) }), 'replace');
  }

  function show(nodeId: string) {
    if (!run.steps.some((step) => step.nodeId === nodeId)) return;
    change((nodeIds) => toggled(nodeIds, nodeId, true));
    goToStep(run.id, nodeId);
  }

  return (
    <>
      <DetailHeader
        title={run.automationName}
        id={run.id}
        noun="run"
        state={
          <>
            <Link to={versionAddress(run.automationId, run.version)}>version {run.version}</Link>
            <span role="status" className={detail.state}>
              <Status status={run.status} />
              {health !== null && <span className={detail.muted}>{health}</span>}
            </span>
          </>
        }
        actions={<RunActions run={run} />}
      >
        <RunFacts run={run} now={now} />
      </DetailHeader>
      <UnreadableNotice what="run" message={run.unreadable} />
      <Failure run={run} onOpenStep={show} />
      <Canceled run={run} />
      <Section title="Path through the graph">
        <FallbackBoundary fallback={<p className={detail.muted}>The graph could not be loaded.</p>}>
          <RunGraph run={run} selected={openSteps.at(-1) ?? null} onSelect={show} />
        </FallbackBoundary>
      </Section>
      <StepTrace
        heading="Steps"
        run={run}
        openSteps={openSteps}
        now={now}
        onToggle={(nodeId, isToOpen) => {
          change((nodeIds) => toggled(nodeIds, nodeId, isToOpen));
        }}
        onMove={(from, to) => {
          change((nodeIds) => moved(nodeIds, from, to));
        }}
      />
      <Reruns run={run} />
      <Downstream run={run} />
      <Section title="Event">
        <h3 className={classes.part}>Trigger</h3>
        <Json label="Trigger" value={run.trigger} />
        <h3 className={classes.part}>Payload</h3>
        <Json label="Payload" value={run.payload ?? null} />
      </Section>
    </>
  );
}

export default function RunPage() {
  const { api } = useServices();
  const { runId = '' } = useParams();
  const query = useQuery(runQuery(api, runId));
  return (
    <DetailPage
      noun="run"
      back={{ to: '/runs', label: 'Run history' }}
      query={query}
      title={(run) => `${run.automationName}, ${formatWord(run.status)}`}
    >
      {(run) => <Loaded run={run} />}
    </DetailPage>
  );
}
