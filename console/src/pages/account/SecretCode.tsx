import { t } from '@lingui/core/macro';
import { encode } from 'uqr';
import classes from './Account.module.css';

/** The address that an authenticator app reads: the secret, the account and the issuer. */
function addressOf(email: string, secret: string): string {
  const address = new URL(`otpauth://totp/${encodeURIComponent(`Runledger:${email}`)}`);
  address.searchParams.set('secret', secret);
  address.searchParams.set('issuer', 'Runledger');
  return address.href;
}

/** The secret of a second factor as a QR code, and as text. */
export function SecretCode({ email, secret }: { email: string; secret: string }) {
  const { data, size } = encode(addressOf(email, secret));
  const squares = data.flatMap((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')),
  );
  return (
    <div className={classes.code}>
      <svg
        role="img"
        aria-label={t`QR code for your authenticator app`}
        viewBox={`0 0 ${size} ${size}`}
        width="200"
        height="200"
        shapeRendering="crispEdges"
      >
        <rect width={size} height={size} fill="#fff" />
        <path d={squares.join('')} fill="#000" />
      </svg>
      <div>
        <p>{t`Scan the code with your authenticator app, or enter this key in the app:`}</p>
        <code className={classes.secret}>{secret.match(/.{1,4}/g)?.join(' ')}</code>
      </div>
    </div>
  );
}
