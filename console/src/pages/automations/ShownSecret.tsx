import { t } from '@lingui/core/macro';
import { Notice } from '../../shared/ui/ErrorNotice';
import { Json } from '../../shared/ui/Json';

/** Shows a signing secret, the only time that it can be read. */
export function ShownSecret({ secret }: { secret: string }) {
  return (
    <>
      <Notice title={t`This secret is only shown once`}>
        <p>{t`Copy it now to the system that calls the webhook.`}</p>
      </Notice>
      <Json label={t`Signing secret`} value={secret} />
    </>
  );
}
