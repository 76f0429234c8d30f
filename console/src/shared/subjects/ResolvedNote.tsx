import { IconCircleCheck } from '@tabler/icons-react';
import type { FailureGroup } from '../api/types';
import { StatusBadge } from '../ui/Status';

const LOOK = { icon: IconCircleCheck, tone: 'good' } as const;

/** Says that a failure group is resolved, with the note of the person or recovery. */
export function ResolvedNote({ group }: { group: FailureGroup }) {
  return (
    <span>
      <StatusBadge status="RESOLVED" look={LOOK} /> {group.note}
    </span>
  );
}
