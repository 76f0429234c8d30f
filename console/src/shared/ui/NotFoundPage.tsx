import { Link } from 'react-router';
import { EmptyState } from './EmptyState';

export function NotFoundPage() {
  return (
    <>
      <title>Page not found · Runledger</title>
      <EmptyState title="Page not found" level="h1">
        <p>Check the address, or start from the run history.</p>
        <p>
          <Link to="/runs">Go to the run history</Link>
        </p>
      </EmptyState>
    </>
  );
}
