import {
  IconCopyCheck,
  IconDoorOff,
  IconFileAlert,
  IconGauge,
  IconKeyOff,
  IconLink,
  IconPlayerPause,
  IconSignature,
  IconUserQuestion,
  type Icon,
} from '@tabler/icons-react';
import type { RefusalReason } from '../api/types';
import { formatWord } from '../ui/format';
import classes from './RefusalReasonLabel.module.css';

const ICONS: Record<RefusalReason, Icon> = {
  DUPLICATE: IconCopyCheck,
  NO_CONTACT: IconUserQuestion,
  BAD_SIGNATURE: IconSignature,
  INACTIVE: IconPlayerPause,
  INVALID_PAYLOAD: IconFileAlert,
  REENTRY_BLOCKED: IconDoorOff,
  RATE_LIMITED: IconGauge,
  CHAIN_TOO_DEEP: IconLink,
  KEY_REUSED: IconKeyOff,
};

/** The reason of a refusal as an icon and words. */
export function RefusalReasonLabel({ reason }: { reason: RefusalReason }) {
  const ReasonIcon = ICONS[reason];
  return (
    <span className={classes.reason} data-reason={reason}>
      <ReasonIcon size={16} aria-hidden />
      {formatWord(reason)}
    </span>
  );
}
