import { IconArchive, IconPencil, IconPlayerPause, IconPlayerPlay, type Icon } from '@tabler/icons-react';
import { formatWord } from '../../shared/ui/format';
import classes from '../../shared/ui/Status.module.css';
import type { AutomationStatus } from './types';

const LOOKS: Record<AutomationStatus, { icon: Icon; tone: string }> = {
  DRAFT: { icon: IconPencil, tone: 'idle' },
  ACTIVE: { icon: IconPlayerPlay, tone: 'good' },
  PAUSED: { icon: IconPlayerPause, tone: 'waiting' },
  ARCHIVED: { icon: IconArchive, tone: 'idle' },
};

/** An automation's status as icon and word. */
export function AutomationStatusBadge({ status }: { status: AutomationStatus }) {
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <span className={classes.status} data-tone={tone} data-status={status}>
      <Icon size={16} aria-hidden />
      {formatWord(status)}
    </span>
  );
}
