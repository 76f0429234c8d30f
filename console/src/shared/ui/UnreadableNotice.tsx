import { Notice } from './ErrorNotice';

/** Says what of a stored row is damaged; nothing where it was read in full. */
export function UnreadableNotice({ what, told }: { what: string; told: string | null | undefined }) {
  if (!told) return null;
  return (
    <Notice tone="bad" title={`Part of this ${what} cannot be read`}>
      <p>{told} Everything else is shown as it was recorded.</p>
    </Notice>
  );
}
