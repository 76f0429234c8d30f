import { t } from '@lingui/core/macro';
import type { Refusal, Run } from '../api/types';
import { formatWord } from '../ui/format';

/** The trigger's type as a word; its other fields depend on the type. */
export function triggerWord({ trigger: { type } }: Pick<Run | Refusal, 'trigger'>): string {
  return typeof type === 'string' ? formatWord(type) : t`Unknown`;
}
