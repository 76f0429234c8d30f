import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { DialogActions } from '../../shared/ui/Dialog';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';

interface Props {
  title: string;
  /** What was found and done, as a sentence each. */
  children: ReactNode;
  error: Error | null;
  onClose: () => void;
}

/** How far an action on many runs has come. It goes on if the window is closed. */
export function BulkProgress({ title, children, error, onClose }: Props) {
  return (
    <>
      <Notice title={title}>{children}</Notice>
      {error && <ErrorNotice error={error} />}
      <DialogActions>
        <Button onClick={onClose}>{t`Close`}</Button>
      </DialogActions>
    </>
  );
}
