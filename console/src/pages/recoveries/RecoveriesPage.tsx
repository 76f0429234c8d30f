import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Recovery } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import detail from '../../shared/ui/Detail.module.css';
import { EmptyState } from '../../shared/ui/EmptyState';
import { formatCount } from '../../shared/ui/format';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { ExactTime } from '../../shared/ui/Time';
import { recoveriesQuery } from './queries';
import { RecoveryStatusBadge } from './RecoveryStatusBadge';

function Row({ recovery }: { recovery: Recovery }) {
  const { id, counts, reason, requestedBy, createdAt, status } = recovery;
  return (
    <SimpleListItem
      title={<Link to={`/recoveries/${id}`}>{reason ?? id}</Link>}
      actions={<RecoveryStatusBadge status={status} />}
    >
      <Trans>{formatCount(counts.completed)} of {formatCount(counts.eligible)} completed,{' '}
      {formatCount(counts.failed)} failed. By {requestedBy}, <ExactTime time={createdAt} /></Trans>
    </SimpleListItem>
  );
}

/** The recoveries of the workspace, newest first. */
export default function RecoveriesPage() {
  const { api } = useServices();
  const query = useQuery(recoveriesQuery(api));
  return (
    <div className={detail.page}>
      <title>{t`Recoveries · Runledger`}</title>
      <h1>{t`Recoveries`}</h1>
      <SimpleList
        label={t`Recoveries, newest first`}
        query={query}
        empty={
          <EmptyState title={t`No recoveries yet`}>
            <p>{t`A recovery reruns many failed runs. Start one from the run history or a failure.`}</p>
          </EmptyState>
        }
      >
        {(recovery) => <Row key={recovery.id} recovery={recovery} />}
      </SimpleList>
    </div>
  );
}
