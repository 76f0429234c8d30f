import { Notice } from '../../shared/ui/ErrorNotice';
import { Json } from '../../shared/ui/Json';

/** Shows a signing secret, the only time that it can be read. */
export function ShownSecret({ secret }: { secret: string }) {
  return (
    <>
      <Notice title="This secret is only shown once">
        <p>Copy it now to the system that calls the webhook.</p>
      </Notice>
      <Json label="Signing secret" value={secret} />
    </>
  );
}
