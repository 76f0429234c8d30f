import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { Notice } from '../../../shared/ui/ErrorNotice';
import { RelativeTime, useNow } from '../../../shared/ui/Time';
import classes from './Editor.module.css';
import type { UnsavedWork } from './unsavedWork';

interface Props {
  kept: UnsavedWork;
  /** Whether the draft was saved by someone after this work started. */
  isOutdated: boolean;
  onTake: () => void;
  onDrop: () => void;
}

/** Offers to continue with unsaved work. */
export function UnsavedWorkNotice({ kept, isOutdated, onTake, onDrop }: Props) {
  const now = useNow();
  return (
    <Notice title={t`You have unsaved changes`}>
      <p>
        <Trans>
          “{kept.document.name || t`Untitled`}”, last changed{' '}
          <RelativeTime time={kept.at} now={now} />, is kept in this tab.
        </Trans>
        {isOutdated && (
          <> {t`The automation has been saved since then; you will be asked before you overwrite it.`}</>
        )}
      </p>
      <div className={classes.choices}>
        <Button onClick={onTake}>{t`Continue editing`}</Button>
        <Button variant="default" onClick={onDrop}>
          {t`Discard`}
        </Button>
      </div>
    </Notice>
  );
}
