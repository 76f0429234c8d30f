import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconChevronLeft } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { ApiError } from '../api/problem';
import { runQuery } from '../api/queries';
import type { Run, RunDetail } from '../api/types';
import { useServices } from '../app/context';
import { CopyButton } from '../ui/CopyButton';
import { EmptyState } from '../ui/EmptyState';
import { ErrorNotice } from '../ui/ErrorNotice';
import { formatDuration, formatWord } from '../ui/format';
import { Json } from '../ui/Json';
import { Status } from '../ui/Status';
import { ExactTime, RelativeTime, useNow } from '../ui/Time';
import { contactName, healthText, runDuration, triggerWord } from './describe';
import classes from './RunPage.module.css';
import { StepTrace } from './StepTrace';
import { readOpenSteps, writeOpenSteps } from './steps';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Facts({ run, now }: { run: Run; now: number }) {
  const duration = runDuration(run, now);
  return (
    <dl className={classes.facts}>
      <Fact name="Contact">{contactName(run.contact) ?? 'No contact'}</Fact>
      <Fact name="Trigger">{triggerWord(run)}</Fact>
      <Fact name="Created">
        <ExactTime time={run.createdAt} />
        <span className={classes.muted}>
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
    </dl>
  );
}

function Failure({ run, onOpenStep }: { run: RunDetail; onOpenStep: (nodeId: string) => void }) {
  const { error } = run;
  if (!error) return null;
  const { nodeId } = error;
  const hasStep = run.steps.some((step) => step.nodeId === nodeId);
  return (
    <section className={classes.failure} aria-label="Error">
      <h2>{nodeId === null ? 'The run failed' : `Failed at ${nodeId}`}</h2>
      <p className={classes.message}>{error.message}</p>
      <p className={classes.kind}>{error.kind}</p>
      {error.cause !== null && <Json label="Cause" value={error.cause} />}
      {nodeId !== null && hasStep && (
        <a
          href={`#step-${nodeId}`}
          onClick={() => {
            onOpenStep(nodeId);
          }}
        >
          Open the step
        </a>
      )}
    </section>
  );
}

function Canceled({ run }: { run: Run }) {
  if (!run.canceled) return null;
  const { by, reason, at } = run.canceled;
  return (
    <section className={classes.canceled} aria-label="Cancel">
      <h2>Canceled by {by}</h2>
      <p className={classes.message}>{reason}</p>
      <p className={classes.muted}>
        <ExactTime time={at} />
      </p>
    </section>
  );
}

function Loaded({ run }: { run: RunDetail }) {
  const now = useNow(1_000);
  const [parameters, setParameters] = useSearchParams();
  const openSteps = readOpenSteps(parameters);
  const health = healthText(run, now);

  function setOpen(nodeId: string, open: boolean) {
    setParameters(
      (current) => {
        const others = readOpenSteps(current).filter((id) => id !== nodeId);
        return writeOpenSteps(current, open ? [...others, nodeId] : others);
      },
      { replace: true, preventScrollReset: true },
    );
  }

  return (
    <>
      <header className={classes.header}>
        <div className={classes.titleRow}>
          <h1>{run.automationName}</h1>
          <span className={classes.muted}>version {run.version}</span>
          <span role="status" className={classes.state}>
            <Status status={run.status} />
            {health !== null && <span className={classes.muted}>{health}</span>}
          </span>
        </div>
        <p className={classes.id}>
          <code>{run.id}</code>
          <CopyButton text={run.id} label="Copy the run id" />
        </p>
        <Facts run={run} now={now} />
      </header>
      <Failure
        run={run}
        onOpenStep={(nodeId) => {
          setOpen(nodeId, true);
        }}
      />
      <Canceled run={run} />
      <StepTrace run={run} openSteps={openSteps} onToggle={setOpen} now={now} />
      <section className={classes.payload}>
        <h2>What opened the run</h2>
        <h3>Trigger</h3>
        <Json label="Trigger" value={run.trigger} />
        <h3>Payload</h3>
        <Json label="Payload" value={run.payload ?? null} />
      </section>
    </>
  );
}

export default function RunPage() {
  const { api } = useServices();
  const { runId = '' } = useParams();
  const { data: run, error, refetch } = useQuery(runQuery(api, runId));
  const isMissing = error instanceof ApiError && error.status === 404;
  return (
    <article className={classes.page}>
      <title>{`${run ? `${run.automationName}, ${formatWord(run.status)}` : 'Run'} · Runledger`}</title>
      <Link to="/runs" className={classes.back ?? ''}>
        <IconChevronLeft size={16} aria-hidden />
        Run history
      </Link>
      {isMissing ? (
        <EmptyState title="There is no such run in this workspace" level="h1">
          <p>
            Its id may be mistyped, it may have passed its retention, or it belongs to another
            workspace.
          </p>
          <p>
            <Link to="/runs">Go to the run history</Link>
          </p>
        </EmptyState>
      ) : (
        error && <ErrorNotice error={error} onRetry={() => void refetch()} />
      )}
      {run && !isMissing && <Loaded run={run} />}
      {!run && !error && (
        <div role="status" aria-label="Loading the run" className={classes.loading}>
          <Skeleton height={36} width="60%" />
          <Skeleton height={90} />
          <Skeleton height={240} />
        </div>
      )}
    </article>
  );
}
