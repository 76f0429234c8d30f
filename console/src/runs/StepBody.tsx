import type { ReactNode } from 'react';
import type { ErrorDetail, Step } from '../api/types';
import { Json } from '../ui/Json';
import { ExactTime } from '../ui/Time';
import classes from './StepBody.module.css';

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

/** What a step did: everything that was recorded of it, and nothing that was not. */
export function StepBody({ step }: { step: Step }) {
  const { error, reason, waitUntil, evidence, output, request, response, deliveryIds } = step;
  const hasOutput = Object.keys(output).length > 0;
  const recordedNothing =
    [error, reason, waitUntil, evidence, request, response].every((part) => part === null) &&
    !hasOutput &&
    deliveryIds.length === 0;
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
      {evidence && (
        <Part title="Evidence">
          <Json label="Evidence" value={evidence} />
        </Part>
      )}
      {hasOutput && (
        <Part title="Output">
          <Json label="Output" value={output} />
        </Part>
      )}
      {request && (
        <Part title="Request">
          <Json label="Request" value={request} />
        </Part>
      )}
      {response && (
        <Part title="Response">
          <Json label="Response" value={response} />
        </Part>
      )}
      {deliveryIds.length > 0 && (
        <Part title="Deliveries">
          <ul className={classes.deliveries}>
            {deliveryIds.map((id) => (
              <li key={id}>
                <code>{id}</code>
              </li>
            ))}
          </ul>
        </Part>
      )}
      {recordedNothing && <p className={classes.times}>This step recorded nothing more.</p>}
    </div>
  );
}
