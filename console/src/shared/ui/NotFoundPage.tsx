import { t } from '@lingui/core/macro';
import { Link } from 'react-router';
import { EmptyState } from './EmptyState';

export function NotFoundPage() {
  return (
    <>
      <title>{t`Page not found · Runledger`}</title>
      <EmptyState title={t`Page not found`} level="h1">
        <p>{t`Check the address, or start from the run history.`}</p>
        <p>
          <Link to="/runs">{t`Go to the run history`}</Link>
        </p>
      </EmptyState>
    </>
  );
}
