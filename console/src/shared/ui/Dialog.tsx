import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Dialog.module.css';
import { ErrorNotice } from './ErrorNotice';

interface Props {
  title: string;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A question in front of the page. It keeps the focus, and Escape leaves it. */
export function Dialog({ title, opened, onClose, children }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      // Locking the page's scroll would write a <style> element.
      lockScroll={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
      transitionProps={{ duration: 0 }}
      classNames={{ title: classes.title ?? '' }}
    >
      <div className={classes.body}>{children}</div>
    </Modal>
  );
}

/** The buttons at a dialog's end: the way out first, what it is about last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={classes.actions}>{children}</div>;
}

interface DecisionProps {
  /** The label of the way out. */
  cancel: string;
  /** The label of what the dialog is about. */
  confirm: string;
  /** Of the last try; shown above the buttons. */
  error?: Error | null;
  isPending?: boolean;
  isDisabled?: boolean;
  /** What is confirmed takes something away. */
  isDanger?: boolean;
  onCancel: () => void;
  /** Absent where confirming submits the form around the buttons. */
  onConfirm?: () => void;
}

/** The end of a question: what went wrong with it, and its two buttons. */
export function DialogDecision(props: DecisionProps) {
  const { cancel, confirm, error, isPending = false, isDisabled = false, isDanger } = props;
  const { onCancel, onConfirm } = props;
  return (
    <>
      {error && <ErrorNotice error={error} />}
      <DialogActions>
        <Button variant="default" onClick={onCancel}>
          {cancel}
        </Button>
        <Button
          type={onConfirm ? 'button' : 'submit'}
          {...(isDanger && { color: 'red' })}
          loading={isPending}
          disabled={isDisabled}
          onClick={() => onConfirm?.()}
        >
          {confirm}
        </Button>
      </DialogActions>
    </>
  );
}
