import { t } from '@lingui/core/macro';
import { Button, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './Dialog.module.css';
import { ErrorNotice } from './ErrorNotice';

interface Props {
  title: string;
  opened: boolean;
  /** Whether it shows a table. */
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog. It keeps the focus, and Escape closes it. */
export function Dialog({ title, opened, isWide = false, onClose, children }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      size={isWide ? '60rem' : 'md'}
      // Locking the page's scroll would write a <style> element, which the security policy refuses.
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t`Close` }}
      transitionProps={{ duration: 0 }}
      classNames={{ title: classes.title ?? '' }}
    >
      <div className={classes.body}>{children}</div>
    </Modal>
  );
}

/** The buttons at the end of a dialog: cancel first, the action last. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={classes.actions}>{children}</div>;
}

interface DecisionProps {
  /** The label of the cancel button. */
  cancel: string;
  /** The label of the action's button. */
  confirm: string;
  /** The last error, shown above the buttons. */
  error?: Error | null;
  isPending?: boolean;
  isDisabled?: boolean;
  /** Whether the action deletes or stops something. */
  isDanger?: boolean;
  onCancel: () => void;
  /** Absent if confirming submits the surrounding form. */
  onConfirm?: () => void;
}

/** The end of a dialog: the error, and the two buttons. */
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
