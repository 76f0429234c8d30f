import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { Dialog, DialogActions } from '../../../shared/ui/Dialog';
import { GraphChanges } from '../GraphChanges';
import { diffGraphs } from '../graphDiff';
import { type Automation, REENTRY_LABELS } from '../types';
import { type AutomationDocument, toDocument } from './document';

interface Props {
  /** The draft as somebody else saved it. */
  theirs: Automation;
  mine: AutomationDocument;
  isSaving: boolean;
  onTakeTheirs: () => void;
  onOverwrite: () => void;
  onClose: () => void;
}

/** Somebody else saved the draft while it was edited here. */
export function ConflictDialog(props: Props) {
  const { theirs, mine, isSaving, onTakeTheirs, onOverwrite, onClose } = props;
  const diff = useMemo(() => diffGraphs(toDocument(theirs), mine), [theirs, mine]);
  const hasChanges = diff.nodes.length > 0 || diff.edges.length > 0;
  return (
    <Dialog title="Somebody else saved this automation" opened onClose={onClose}>
      <p>
        {theirs.updatedBy} saved it after you began. Nothing of yours was saved, and nothing is
        lost. From theirs to yours:
      </p>
      {theirs.name !== mine.name && (
        <p>
          Name: <del>{theirs.name}</del> → <ins>{mine.name}</ins>
        </p>
      )}
      {theirs.reentry !== mine.reentry && (
        <p>
          Re-entry: <del>{REENTRY_LABELS[theirs.reentry]}</del> →{' '}
          <ins>{REENTRY_LABELS[mine.reentry]}</ins>
        </p>
      )}
      {(hasChanges || theirs.name === mine.name) && <GraphChanges diff={diff} />}
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          Go on editing
        </Button>
        <Button variant="default" onClick={onTakeTheirs}>
          Take theirs, drop mine
        </Button>
        <Button color="red" loading={isSaving} onClick={onOverwrite}>
          Overwrite theirs
        </Button>
      </DialogActions>
    </Dialog>
  );
}
