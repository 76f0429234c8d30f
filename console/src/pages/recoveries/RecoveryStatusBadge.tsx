import {
  IconBan,
  IconCircleCheck,
  IconHourglass,
  IconPlayerPause,
  IconPlayerPlay,
  IconSearch,
} from '@tabler/icons-react';
import type { RecoveryStatus } from '../../shared/api/types';
import { StatusBadge, type StatusLook } from '../../shared/ui/Status';

const LOOKS: Record<RecoveryStatus, StatusLook> = {
  PREVIEWED: { icon: IconSearch, tone: 'idle' },
  CANARY: { icon: IconPlayerPlay, tone: 'busy' },
  WAITING: { icon: IconHourglass, tone: 'waiting' },
  RUNNING: { icon: IconPlayerPlay, tone: 'busy' },
  PAUSED: { icon: IconPlayerPause, tone: 'waiting' },
  COMPLETED: { icon: IconCircleCheck, tone: 'good' },
  ABORTED: { icon: IconBan, tone: 'idle' },
};

export function RecoveryStatusBadge({ status }: { status: RecoveryStatus }) {
  return <StatusBadge status={status} look={LOOKS[status]} />;
}
