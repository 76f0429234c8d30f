import { Notice } from '../../shared/ui/ErrorNotice';
import { Json } from '../../shared/ui/Json';

/** A signing secret, the only time that it can be seen. */
export function ShownSecret({ secret }: { secret: string }) {
  return (
    <>
      <Notice title="This is the only time the secret is shown">
        <p>Copy it to the system that calls the webhook now.</p>
      </Notice>
      <Json label="Signing secret" value={secret} />
    </>
  );
}
