import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Dialog, DialogActions } from './Dialog';
import { ErrorNotice } from './ErrorNotice';

interface Props {
  title: string;
  /** What it does, and whether it can be undone. */
  children: ReactNode;
  action: string;
  /** Done before the dialog closes. */
  run: () => Promise<unknown>;
  onClose: () => void;
}

/** A question before something is taken away; open for as long as it is rendered. */
export function ConfirmDialog({ title, children, action, run, onClose }: Props) {
  const { mutate, error, isPending } = useMutation({
    mutationFn: run,
    networkMode: 'always',
    onSuccess: onClose,
  });
  return (
    <Dialog title={title} opened onClose={onClose}>
      {children}
      {error && <ErrorNotice error={error} />}
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          Keep it
        </Button>
        <Button
          color="red"
          loading={isPending}
          onClick={() => {
            mutate();
          }}
        >
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
