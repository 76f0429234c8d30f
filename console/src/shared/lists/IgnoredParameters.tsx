import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useLocation, useNavigate } from 'react-router';
import {
  ignoredIn,
  type KnownParameters,
  useKeptState,
  withoutParameters,
} from '../address/addressState';
import { Notice } from '../ui/ErrorNotice';

/** Says which parameters of the address the page ignores, so that nobody trusts a mistyped filter. */
export function IgnoredParameters({ states }: { states: readonly KnownParameters[] }) {
  const { search } = useLocation();
  const state = useKeptState();
  const navigate = useNavigate();
  const ignored = ignoredIn(search, states);
  if (ignored.length === 0) return null;
  return (
    <Notice
      title={t`The URL has filters that this page does not know`}
      action={
        <Button
          variant="default"
          size="xs"
          onClick={() => {
            void navigate({ search: withoutParameters(search, ignored) }, { replace: true, state });
          }}
        >
          {t`Remove them`}
        </Button>
      }
    >
      <p>
        {t`The list below ignores these filters:`}{' '}
        {ignored.map((text, index) => (
          <span key={text}>
            {index > 0 && ', '}
            <code>{text}</code>
          </span>
        ))}
      </p>
    </Notice>
  );
}
