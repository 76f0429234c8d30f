import { Link } from 'react-router';
import { EmptyState } from './EmptyState';

export function NotFoundPage() {
  return (
    <>
      <title>Page not found · Runledger</title>
      <EmptyState title="There is no page here" level="h1">
        <p>The address may be mistyped, or the page has moved.</p>
        <p>
          <Link to="/runs">Go to the run history</Link>
        </p>
      </EmptyState>
    </>
  );
}
