import {
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHourglass,
  IconMailCheck,
  IconMailX,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconRefresh,
  IconSend,
  IconShieldX,
  type Icon,
} from '@tabler/icons-react';
import type { DeliveryStatus, RunStatus, StepStatus } from '../api/types';
import { formatWord } from './format';
import classes from './Status.module.css';

type AnyStatus = RunStatus | StepStatus | DeliveryStatus;

export interface StatusLook {
  icon: Icon;
  tone: 'idle' | 'busy' | 'waiting' | 'good' | 'bad';
}

const LOOKS: Record<AnyStatus, StatusLook> = {
  PENDING: { icon: IconClock, tone: 'idle' },
  RUNNING: { icon: IconPlayerPlay, tone: 'busy' },
  WAITING: { icon: IconHourglass, tone: 'waiting' },
  COMPLETED: { icon: IconCircleCheck, tone: 'good' },
  FAILED: { icon: IconCircleX, tone: 'bad' },
  CANCELED: { icon: IconBan, tone: 'idle' },
  SKIPPED: { icon: IconPlayerSkipForward, tone: 'idle' },
  QUEUED: { icon: IconClock, tone: 'idle' },
  PROCESSING: { icon: IconSend, tone: 'busy' },
  RETRYING: { icon: IconRefresh, tone: 'waiting' },
  SENT: { icon: IconSend, tone: 'good' },
  DELIVERED: { icon: IconMailCheck, tone: 'good' },
  DEAD_LETTERED: { icon: IconMailX, tone: 'bad' },
  SUPPRESSED: { icon: IconShieldX, tone: 'idle' },
};

/** A status as an icon and a word; the color only repeats them. */
export function StatusBadge({ status, look }: { status: string; look: StatusLook }) {
  const { icon: StatusIcon, tone } = look;
  return (
    <span className={classes.status} data-tone={tone} data-status={status}>
      <StatusIcon size={16} aria-hidden />
      {formatWord(status)}
    </span>
  );
}

/** The status of a run, a step or a delivery. */
export function Status({ status }: { status: AnyStatus }) {
  return <StatusBadge status={status} look={LOOKS[status]} />;
}
