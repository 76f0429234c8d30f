import { t } from '@lingui/core/macro';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog, DialogDecision } from './Dialog';

interface Props {
  title: string;
  /** What the action does, and whether it can be undone. */
  children: ReactNode;
  action: string;
  /** Runs before the dialog closes. */
  run: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks before something is deleted; open while it is rendered. */
export function ConfirmDialog({ title, children, action, run, onClose }: Props) {
  const { mutate, error, isPending } = useMutation({
    mutationFn: run,
    networkMode: 'always',
    onSuccess: onClose,
  });
  return (
    <Dialog title={title} opened onClose={onClose}>
      {children}
      <DialogDecision
        cancel={t`Cancel`}
        confirm={action}
        error={error}
        isPending={isPending}
        isDanger
        onCancel={onClose}
        onConfirm={mutate}
      />
    </Dialog>
  );
}
