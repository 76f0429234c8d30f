import type { Try } from '../../shared/api/types';
import { ExactTime } from '../../shared/ui/Time';
import classes from './Tries.module.css';

const OUTCOMES = {
  ACCEPTED: 'Taken by the provider',
  REFUSED: 'Refused for good',
  TRANSIENT: 'Refused for now',
  UNKNOWN: 'Answer lost',
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

/** Each time that the message was handed to the provider, and what the provider answered. */
export function Tries({ tries }: { tries: Try[] }) {
  return (
    <ol className={classes.tries}>
      {tries.map(({ at, outcome, code, message, providerId }, index) => (
        <li key={at + String(index)} className={classes.try}>
          <p className={classes.title}>
            Try {index + 1}: {OUTCOMES[outcome]}
            <span className={classes.time}>
              <ExactTime time={at} />
            </span>
          </p>
          <dl className={classes.answer}>
            <Answer name="Code">{code}</Answer>
            <Answer name="Message">{message}</Answer>
            <Answer name="Provider’s id">{providerId}</Answer>
          </dl>
        </li>
      ))}
    </ol>
  );
}
