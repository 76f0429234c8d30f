import { t } from '@lingui/core/macro';
import { Notice } from './ErrorNotice';

/** Says which part of a stored row is damaged; renders nothing if all of it was read. */
export function UnreadableNotice({ what, message }: { what: string; message: string | null | undefined }) {
  if (!message) return null;
  return (
    <Notice tone="bad" title={t`Part of this ${what} cannot be read`}>
      <p>{t`${message} Everything else is complete.`}</p>
    </Notice>
  );
}
