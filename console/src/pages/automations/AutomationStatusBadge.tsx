import { IconArchive, IconPencil, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { StatusBadge, type StatusLook } from '../../shared/ui/Status';
import type { AutomationStatus } from './types';

const LOOKS: Record<AutomationStatus, StatusLook> = {
  DRAFT: { icon: IconPencil, tone: 'idle' },
  ACTIVE: { icon: IconPlayerPlay, tone: 'good' },
  PAUSED: { icon: IconPlayerPause, tone: 'waiting' },
  ARCHIVED: { icon: IconArchive, tone: 'idle' },
};

export function AutomationStatusBadge({ status }: { status: AutomationStatus }) {
  return <StatusBadge status={status} look={LOOKS[status]} />;
}
