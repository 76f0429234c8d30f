import { Anchor } from '@mantine/core';
import { IconCircleCheck, IconCircleMinus, IconCircleX, IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ErrorDetail, RunDetail, Step } from '../../shared/api/types';
import { formatBytes, formatDuration, formatWord } from '../../shared/ui/format';
import { Json } from '../../shared/ui/Json';
import { Status } from '../../shared/ui/Status';
import { ExactTime } from '../../shared/ui/Time';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import { callTries, evidenceSentences, type Sentence } from './evidence';
import classes from './StepDetails.module.css';

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <h4>{title}</h4>
      {children}
    </section>
  );
}

function ErrorPart({ error }: { error: ErrorDetail }) {
  return (
    <Part title="Error">
      <p className={classes.error}>{error.message}</p>
      <p className={classes.kind}>{error.kind}</p>
      {error.cause !== null && <Json label="Cause" value={error.cause} />}
    </Part>
  );
}

const VERDICTS = [
  { verdict: true, icon: IconCircleCheck, tone: 'good' },
  { verdict: false, icon: IconCircleX, tone: 'plain' },
] as const;

function EvidenceLine({ sentence }: { sentence: Sentence }) {
  const { verdict, depth, words } = sentence;
  const { icon: Icon, tone } = VERDICTS.find((one) => one.verdict === verdict) ?? {
    icon: IconCircleMinus,
    tone: 'plain',
  };
  return (
    <li className={classes.sentence} data-tone={tone} style={{ marginLeft: `${depth * 1.25}rem` }}>
      <Icon size={16} aria-hidden />
      <span>{words}</span>
    </li>
  );
}

/** Shows the evidence as sentences, and as recorded. */
function EvidencePart({ step }: { step: Step }) {
  if (step.evidence === null) return null;
  const sentences = evidenceSentences(step);
  return (
    <Part title="Evidence">
      {sentences.length > 0 && (
        <ul className={classes.sentences} aria-label="Evidence as sentences">
          {sentences.map((sentence, index) => (
            <EvidenceLine key={index} sentence={sentence} />
          ))}
        </ul>
      )}
      <details className={classes.raw} open={sentences.length === 0}>
        <summary>Raw evidence</summary>
        <Json label="Evidence" value={step.evidence} />
      </details>
    </Part>
  );
}

function TriesPart({ step }: { step: Step }) {
  const tries = callTries(step);
  if (tries.length < 2) return null;
  return (
    <Part title="Tries">
      <ol className={classes.tries}>
        {tries.map(({ at, durationMs, outcome, waitSeconds }, index) => (
          <li key={at + String(index)}>
            <strong>{outcome}</strong>
            {durationMs !== null && ` after ${formatDuration(durationMs)}`}
            <span className={classes.muted}>
              {' '}
              at <ExactTime time={at} />
              {waitSeconds !== null && `, then waited ${formatDuration(waitSeconds * 1_000)}`}
            </span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

interface BodyLink {
  url: string;
  bytes: number;
}

function bodyLinkOf(exchange: Record<string, unknown>): BodyLink | null {
  const link = exchange.bodyLink as Partial<BodyLink> | undefined;
  return typeof link?.url === 'string' ? { url: link.url, bytes: link.bytes ?? 0 } : null;
}

/** A request or a response; a long body is linked instead of shown. */
function ExchangePart({ title, exchange }: { title: string; exchange: Record<string, unknown> }) {
  const link = bodyLinkOf(exchange);
  const shown = Object.fromEntries(
    Object.entries(exchange).filter(([name]) => name !== 'bodyLink'),
  );
  return (
    <Part title={title}>
      <Json label={title} value={shown} />
      {link && (
        <Anchor href={link.url} rel="noreferrer" className={classes.download ?? ''}>
          <IconDownload size={16} aria-hidden />
          Full body, {formatBytes(link.bytes)}
        </Anchor>
      )}
    </Part>
  );
}

function DeliveriesPart({ run, step }: { run: RunDetail; step: Step }) {
  if (step.deliveryIds.length === 0) return null;
  const links = new Map(run.deliveries.map((link) => [link.id, link]));
  return (
    <Part title="Deliveries">
      <ul className={classes.deliveries}>
        {step.deliveryIds.map((id) => {
          const { channel = null, address = null, status = null } = links.get(id) ?? {};
          return (
            <li key={id}>
              {status !== null && <Status status={status} />}
              <Link to={`/delivery-ops/${id}`}>
                {channel !== null && address !== null ? `${formatWord(channel)} to ${address}` : id}
              </Link>
              <code>{id}</code>
            </li>
          );
        })}
      </ul>
    </Part>
  );
}

function recordedNothing(step: Step): boolean {
  const { error, reason, waitUntil, evidence, request, response } = step;
  return (
    [error, reason, waitUntil, evidence, request, response].every((part) => part === null) &&
    Object.keys(step.output).length === 0 &&
    step.deliveryIds.length === 0 &&
    !step.unreadable
  );
}

/** The trigger and payload that opened the run. */
function TriggerPart({ run }: { run: RunDetail }) {
  return (
    <>
      <Part title="Opened by">
        <Json label="Opened by" value={run.trigger} />
      </Part>
      <Part title="Input">
        <Json label="Input" value={run.payload ?? null} />
      </Part>
    </>
  );
}

/**
 * The node's input. If the step did not record it, shows the configuration, with expressions as
 * they were written.
 */
function InputPart({ run, step }: { run: RunDetail; step: Step }) {
  if (step.type === 'TRIGGER') return <TriggerPart run={run} />;
  const node = run.graph.nodes?.find(({ id }) => id === step.nodeId);
  const input = step.input ?? node?.config ?? {};
  if (Object.keys(input).length === 0) return null;
  const title = step.input === null ? 'Configuration' : 'Input';
  return (
    <Part title={title}>
      <Json label={title} value={input} />
    </Part>
  );
}

/** Shows everything that a step recorded, and no empty sections. */
export function StepDetails({ run, step }: { run: RunDetail; step: Step }) {
  const { error, reason, waitUntil, output, request, response } = step;
  return (
    <div className={classes.body}>
      <p className={classes.times}>
        Started <ExactTime time={step.startedAt} />
        {step.finishedAt !== null && (
          <>
            , finished <ExactTime time={step.finishedAt} />
          </>
        )}
      </p>
      {step.reusedFrom && (
        <p className={classes.times}>
          Reused: the step ran in <Link to={`/runs/${step.reusedFrom}`}>{step.reusedFrom}</Link>.
        </p>
      )}
      <UnreadableNotice what="step" message={step.unreadable} />
      {error && <ErrorPart error={error} />}
      {reason !== null && (
        <Part title="Reason">
          <p>{reason}</p>
        </Part>
      )}
      {waitUntil !== null && (
        <Part title="Waits until">
          <p>
            <ExactTime time={waitUntil} />
          </p>
        </Part>
      )}
      <EvidencePart step={step} />
      <TriesPart step={step} />
      <DeliveriesPart run={run} step={step} />
      <div className={classes.columns}>
        <InputPart run={run} step={step} />
        {Object.keys(output).length > 0 && (
          <Part title="Output">
            <Json label="Output" value={output} />
          </Part>
        )}
        {request && <ExchangePart title="Request" exchange={request} />}
        {response && <ExchangePart title="Response" exchange={response} />}
      </div>
      {recordedNothing(step) && <p className={classes.times}>No further data was recorded for this step.</p>}
    </div>
  );
}
