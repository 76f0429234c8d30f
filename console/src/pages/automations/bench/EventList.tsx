import { t } from '@lingui/core/macro';
import { IconCircleCheck, IconCircleX, IconFilterOff } from '@tabler/icons-react';
import { StatusBadge, type StatusLook } from '../../../shared/ui/Status';
import { RelativeTime, useNow } from '../../../shared/ui/Time';
import type { EventRow, Outcome } from '../events';
import classes from './TestBench.module.css';

const LOOKS: Record<Outcome, StatusLook> = {
  ACCEPTED: { icon: IconCircleCheck, tone: 'good' },
  IGNORED: { icon: IconFilterOff, tone: 'idle' },
  REFUSED: { icon: IconCircleX, tone: 'bad' },
};

interface Props {
  rows: readonly EventRow[];
  chosen: string | null;
  onChoose: (key: string) => void;
}

/** The last events; each is a button that shows its content. */
export function EventList({ rows, chosen, onChoose }: Props) {
  const now = useNow();
  if (rows.length === 0) {
    return <p className={classes.none}>{t`No event has arrived yet.`}</p>;
  }
  return (
    <ol className={classes.events} aria-label={t`Last events`}>
      {rows.map(({ key, at, outcome, text }) => (
        <li key={key}>
          <button
            type="button"
            className={classes.event}
            data-event={key}
            aria-pressed={key === chosen}
            onClick={() => {
              onChoose(key);
            }}
          >
            <StatusBadge status={outcome} look={LOOKS[outcome]} />
            <span className={classes.text}>{text}</span>
            <span className={classes.time}>
              <RelativeTime time={at} now={now} />
            </span>
          </button>
        </li>
      ))}
    </ol>
  );
}
