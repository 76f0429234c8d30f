import {
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHourglass,
  IconPlayerPlay,
  IconPlayerSkipForward,
  type Icon,
} from '@tabler/icons-react';
import type { RunStatus, StepStatus } from '../api/types';
import { formatWord } from './format';
import classes from './Status.module.css';

const LOOKS: Record<RunStatus | StepStatus, { icon: Icon; tone: string }> = {
  PENDING: { icon: IconClock, tone: 'idle' },
  RUNNING: { icon: IconPlayerPlay, tone: 'busy' },
  WAITING: { icon: IconHourglass, tone: 'waiting' },
  COMPLETED: { icon: IconCircleCheck, tone: 'good' },
  FAILED: { icon: IconCircleX, tone: 'bad' },
  CANCELED: { icon: IconBan, tone: 'idle' },
  SKIPPED: { icon: IconPlayerSkipForward, tone: 'idle' },
};

/** A status as icon and word; the colour only repeats them. */
export function Status({ status }: { status: RunStatus | StepStatus }) {
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <span className={classes.status} data-tone={tone} data-status={status}>
      <Icon size={16} aria-hidden />
      {formatWord(status)}
    </span>
  );
}
