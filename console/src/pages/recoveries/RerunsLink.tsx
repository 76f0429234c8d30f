import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import type { Recovery } from '../../shared/api/types';
import { RUN_FILTERS } from '../../shared/subjects/runs';

/** Leads to the reruns that a recovery has opened, in the run history. */
export function RerunsLink({ recovery }: { recovery: Pick<Recovery, 'id' | 'createdAt' | 'counts'> }) {
  const { id, createdAt, counts } = recovery;
  if (id === null || counts.opened === 0) return null;
  return (
    <Link to={RUN_FILTERS.address('/runs', { recoveryId: id, from: createdAt })}>{t`Run history`}</Link>
  );
}
