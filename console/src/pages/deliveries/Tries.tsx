import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { Try } from '../../shared/api/types';
import { ExactTime } from '../../shared/ui/Time';
import classes from './Tries.module.css';

const OUTCOMES = {
  ACCEPTED: t`Accepted by the provider`,
  REFUSED: t`Refused permanently`,
  TRANSIENT: t`Refused temporarily`,
  UNKNOWN: t`No answer`,
} as const satisfies Record<Try['outcome'], string>;

interface AnswerProps {
  name: string;
  children: string | null;
}

function Answer({ name, children }: AnswerProps) {
  if (children === null || children === '') return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Lists each try to send the message, with the provider's answer. */
export function Tries({ tries }: { tries: Try[] }) {
  return (
    <ol className={classes.tries}>
      {tries.map(({ at, outcome, code, message, providerId }, index) => (
        <li key={at + String(index)} className={classes.try}>
          <p className={classes.title}>
            <Trans>
              Try {index + 1}: {OUTCOMES[outcome]}
              <span className={classes.time}>
                <ExactTime time={at} />
              </span>
            </Trans>
          </p>
          <dl className={classes.answer}>
            <Answer name={t`Code`}>{code}</Answer>
            <Answer name={t`Message`}>{message}</Answer>
            <Answer name={t`Provider id`}>{providerId}</Answer>
          </dl>
        </li>
      ))}
    </ol>
  );
}
