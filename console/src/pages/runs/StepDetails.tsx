import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { IconCircleCheck, IconCircleMinus, IconCircleX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { ErrorDetail, RunDetail, Step } from '../../shared/api/types';
import { formatDuration, formatWord } from '../../shared/ui/format';
import { Json, StruckText } from '../../shared/ui/Json';
import { Status } from '../../shared/ui/Status';
import { ExactTime } from '../../shared/ui/Time';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import { CallPart } from './CallPart';
import { requestOf, responseOf } from './calls';
import { callTries, deliveryReasons, evidenceSentences, isFacts, type Sentence } from './evidence';
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
    <Part title={t`Error`}>
      <p className={classes.error}>{error.message}</p>
      <p className={classes.kind}>{error.kind}</p>
      {error.cause !== null && <Json label={t`Cause`} value={error.cause} />}
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
  // The part of the call shows its tries.
  if (callTries(step).length > 0 && sentences.length === 0) return null;
  return (
    <Part title={t`Evidence`}>
      {sentences.length > 0 && (
        <ul className={classes.sentences} aria-label={t`Evidence as sentences`}>
          {sentences.map((sentence, index) => (
            <EvidenceLine key={index} sentence={sentence} />
          ))}
        </ul>
      )}
      <details className={classes.raw} open={sentences.length === 0 && step.deliveryIds.length === 0}>
        <summary>{t`Raw evidence`}</summary>
        <Json label={t`Evidence`} value={step.evidence} />
      </details>
    </Part>
  );
}

function TriesPart({ step }: { step: Step }) {
  const tries = callTries(step);
  if (tries.length < 2) return null;
  return (
    <Part title={t`Tries`}>
      <ol className={classes.tries}>
        {tries.map(({ at, durationMs, outcome, waitSeconds }, index) => (
          <li key={at + String(index)}>
            <strong>
              {durationMs === null ? outcome : t`${outcome} after ${formatDuration(durationMs)}`}
            </strong>
            <span className={classes.muted}>
              {' · '}
              <ExactTime time={at} />
              {waitSeconds !== null && (
                <> · {t`Next try after ${formatDuration(waitSeconds * 1_000)}`}</>
              )}
            </span>
          </li>
        ))}
      </ol>
    </Part>
  );
}

/** The paths in the node's settings by which the fields were captured, by name. */
function capturePaths(settings: Record<string, unknown>): Record<string, string> {
  const { capture } = settings;
  if (!isFacts(capture)) return {};
  return Object.fromEntries(
    Object.entries(capture).flatMap(([name, rule]): [string, string][] => {
      const path = isFacts(rule) ? rule.path : rule;
      return typeof path === 'string' ? [[name, path]] : [];
    }),
  );
}

function CapturedPart({ step, settings }: { step: Step; settings: Record<string, unknown> }) {
  const paths = capturePaths(settings);
  return (
    <Part title={t`Captured fields`}>
      <div className={classes.scroll}>
        <table className={classes.captured}>
          <thead>
            <tr>
              <th scope="col">{t`Field`}</th>
              <th scope="col">{t`Value`}</th>
              <th scope="col">{t`Path in the response`}</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(step.output).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <StruckText text={typeof value === 'string' ? value : JSON.stringify(value)} />
                </td>
                <td>{paths[name] ?? '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Part>
  );
}

function DeliveriesPart({ run, step }: { run: RunDetail; step: Step }) {
  if (step.deliveryIds.length === 0) return null;
  const links = new Map(run.deliveries.map((link) => [link.id, link]));
  const reasons = deliveryReasons(step);
  return (
    <Part title={t`Deliveries`}>
      <ul className={classes.deliveries}>
        {step.deliveryIds.map((id) => {
          const { channel = null, address = null, status = null } = links.get(id) ?? {};
          return (
            <li key={id}>
              {status !== null && <Status status={status} />}
              <Link to={`/delivery-ops/${id}`}>
                {channel !== null && address !== null ? t`${formatWord(channel)} to ${address}` : id}
              </Link>
              <code>{id}</code>
              {reasons.has(id) && <span className={classes.muted}>{reasons.get(id)}</span>}
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
      <Part title={t`Opened by`}>
        <Json label={t`Opened by`} value={run.trigger} />
      </Part>
      <Part title={t`Event`}>
        <Json label={t`Event of the trigger`} value={run.payload ?? null} />
      </Part>
    </>
  );
}

interface Settings {
  title: string;
  values: Record<string, unknown>;
}

/**
 * The node's input. If the step did not record it, the configuration, with expressions as they were
 * written.
 */
function settingsOf(run: RunDetail, step: Step): Settings {
  if (step.input !== null) return { title: t`Input`, values: step.input };
  const node = run.graph.nodes?.find(({ id }) => id === step.nodeId);
  return { title: t`Configuration`, values: node?.config ?? {} };
}

function InputPart({ title, values }: Settings) {
  if (Object.keys(values).length === 0) return null;
  return (
    <Part title={title}>
      <Json label={title} value={values} />
    </Part>
  );
}

/** The settings that the recorded request already shows. */
const SHOWN_BY_REQUEST = new Set(['method', 'url', 'headers', 'query', 'body']);

function withoutRequest(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !SHOWN_BY_REQUEST.has(name)));
}

/** What a step read, and what it gave to later steps. */
function DataPart({ run, step, hasEvent }: Props) {
  const settings = settingsOf(run, step);
  const hasCall = step.request !== null || step.response !== null;
  const hasOutput = Object.keys(step.output).length > 0;
  // A call that failed has an output too, but it captured nothing.
  const isCaptured = hasCall && hasOutput && responseOf(step) !== null && !('error' in step.output);
  return (
    <>
      {isCaptured && <CapturedPart step={step} settings={settings.values} />}
      {hasCall && (
        <CallPart
          step={step}
          settings={requestOf(step) ? withoutRequest(settings.values) : settings.values}
        />
      )}
      <div className={classes.columns}>
        {!hasCall && step.type !== 'TRIGGER' && <InputPart {...settings} />}
        {step.type === 'TRIGGER' && !hasEvent && <TriggerPart run={run} />}
        {hasOutput && !isCaptured && (
          <Part title={t`Output`}>
            <Json label={t`Output`} value={step.output} />
          </Part>
        )}
      </div>
    </>
  );
}

interface Props {
  run: RunDetail;
  step: Step;
  /** Whether the page shows the event by itself, so that the trigger does not repeat it. */
  hasEvent: boolean;
}

/** Shows everything that a step recorded, and no empty sections. */
export function StepDetails(props: Props) {
  const { run, step, hasEvent } = props;
  const { error, reason, waitUntil } = step;
  return (
    <div className={classes.body}>
      <p className={classes.times}>
        {step.finishedAt === null ? (
          <>
            <Trans>
              Started <ExactTime time={step.startedAt} />
            </Trans>
          </>
        ) : (
          <>
            <Trans>
              Started <ExactTime time={step.startedAt} />, finished <ExactTime time={step.finishedAt} />
            </Trans>
          </>
        )}
      </p>
      {step.reusedFrom && (
        <p className={classes.times}>
          <Trans>
            Reused: the step ran in <Link to={`/runs/${step.reusedFrom}`}>{step.reusedFrom}</Link>.
          </Trans>
        </p>
      )}
      {step.type === 'TRIGGER' && hasEvent && (
        <p className={classes.times}>{t`The event that opened the run is shown below the steps.`}</p>
      )}
      <UnreadableNotice what={t`step`} message={step.unreadable} />
      {error && <ErrorPart error={error} />}
      {reason !== null && (
        <Part title={t`Reason`}>
          <p>{reason}</p>
        </Part>
      )}
      {waitUntil !== null && (
        <Part title={t`Waits until`}>
          <p>
            <ExactTime time={waitUntil} />
          </p>
        </Part>
      )}
      <DeliveriesPart run={run} step={step} />
      <EvidencePart step={step} />
      <TriesPart step={step} />
      <DataPart {...props} />
      {recordedNothing(step) && (
        <p className={classes.times}>{t`No further data was recorded for this step.`}</p>
      )}
    </div>
  );
}
