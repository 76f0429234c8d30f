import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { Dialog, DialogActions } from '../../../shared/ui/Dialog';
import { GraphChanges } from '../GraphChanges';
import { diffGraphs, unionOf } from '../graphDiff';
import { type Automation, REENTRY_LABELS } from '../types';
import { type AutomationDocument, toDocument } from './document';

interface Props {
  /** The draft that another user saved. */
  theirs: Automation;
  mine: AutomationDocument;
  isSaving: boolean;
  onTakeTheirs: () => void;
  onOverwrite: () => void;
  onClose: () => void;
}

/** Asks what to do after another user saved the draft while it was edited here. */
export function ConflictDialog(props: Props) {
  const { theirs, mine, isSaving, onTakeTheirs, onOverwrite, onClose } = props;
  const before = useMemo(() => toDocument(theirs), [theirs]);
  const diff = useMemo(() => diffGraphs(before, mine), [before, mine]);
  const hasChanges = diff.nodes.length > 0 || diff.edges.length > 0;
  return (
    <Dialog title={t`This automation was changed by someone else`} opened onClose={onClose}>
      <p>
        {t`${theirs.updatedBy} saved the automation after you started editing. Your changes are not saved yet, but they are not lost. Differences from the saved automation to yours:`}
      </p>
      {theirs.name !== mine.name && (
        <p>
          <Trans>
            Name: <del>{theirs.name}</del> → <ins>{mine.name}</ins>
          </Trans>
        </p>
      )}
      {theirs.reentry !== mine.reentry && (
        <p>
          <Trans>
            Re-entry: <del>{REENTRY_LABELS[theirs.reentry]}</del> →{' '}
            <ins>{REENTRY_LABELS[mine.reentry]}</ins>
          </Trans>
        </p>
      )}
      {(hasChanges || theirs.name === mine.name) && <GraphChanges diff={diff} graph={unionOf(before, mine)} />}
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t`Keep editing`}
        </Button>
        <Button variant="default" onClick={onTakeTheirs}>
          {t`Discard my changes`}
        </Button>
        <Button color="red" loading={isSaving} onClick={onOverwrite}>
          {t`Overwrite their changes`}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
