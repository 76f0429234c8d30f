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

const LOOKS: Record<AnyStatus, { icon: Icon; tone: string }> = {
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

/** A status as icon and word; the colour only repeats them. */
export function Status({ status }: { status: AnyStatus }) {
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <span className={classes.status} data-tone={tone} data-status={status}>
      <Icon size={16} aria-hidden />
      {formatWord(status)}
    </span>
  );
}
