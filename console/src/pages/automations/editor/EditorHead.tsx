import { t } from '@lingui/core/macro';
import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import type { Dispatch } from 'react';
import { useAddressWith } from '../../../shared/address/addressState';
import { EDITOR_PAGE } from '../../../shared/subjects/automations';
import { TabLinks } from '../../../shared/ui/TabLinks';
import { AutomationStatusBadge } from '../AutomationStatusBadge';
import { type Automation, REENTRIES, REENTRY_LABELS } from '../types';
import type { Action, AutomationDocument } from './document';
import classes from './Editor.module.css';

interface Props {
  automation: Automation | null;
  document: AutomationDocument;
  view: 'visual' | 'json';
  canUndo: boolean;
  canRedo: boolean;
  isDirty: boolean;
  isNew: boolean;
  isReadOnly: boolean;
  isSaving: boolean;
  problemCount: number;
  dispatch: Dispatch<Action>;
  onSave: (activates: boolean) => void;
}

function savedText({ isNew, isDirty, automation }: Props): string {
  if (isNew) return t`Not saved yet`;
  if (isDirty) return t`Unsaved changes`;
  return automation?.hasUnpublishedChanges ? t`Saved, not active` : t`Saved`;
}

function Buttons(props: Props) {
  const { automation, canUndo, canRedo, isDirty, isNew, isSaving, dispatch, onSave } = props;
  const canActivate =
    isDirty || isNew || automation?.status !== 'ACTIVE' || automation.hasUnpublishedChanges;
  return (
    <div className={classes.buttons}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t`Undo`}
        title={t`Undo (Ctrl+Z)`}
        disabled={!canUndo}
        onClick={() => {
          dispatch({ type: 'UNDO' });
        }}
      >
        <IconArrowBackUp size={18} />
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={t`Redo`}
        title={t`Redo (Ctrl+Shift+Z)`}
        disabled={!canRedo}
        onClick={() => {
          dispatch({ type: 'REDO' });
        }}
      >
        <IconArrowForwardUp size={18} />
      </ActionIcon>
      <Button
        variant="default"
        loading={isSaving}
        disabled={!isDirty && !isNew}
        onClick={() => {
          onSave(false);
        }}
      >
        {t`Save`}
      </Button>
      <Button
        disabled={!canActivate}
        onClick={() => {
          onSave(true);
        }}
      >
        {isDirty || isNew ? t`Save and activate` : t`Activate`}
      </Button>
    </div>
  );
}

/** The automation's name and re-entry, and the buttons of the editor. */
export function EditorHead(props: Props) {
  const { automation, document, view, isReadOnly, problemCount, dispatch } = props;
  const addressWith = useAddressWith(EDITOR_PAGE);
  return (
    <header className={classes.head}>
      <div className={classes.titleRow}>
        <h1>{automation ? t`Edit ${automation.name}` : t`New automation`}</h1>
        {automation && <AutomationStatusBadge status={automation.status} />}
        {!isReadOnly && (
          <span className={classes.hint} role="status">
            {savedText(props)}
          </span>
        )}
        {!isReadOnly && <Buttons {...props} />}
      </div>
      {!isReadOnly && problemCount > 0 && (
        <p className={classes.hint}>
          {t`Fix the problems to save. Until then your changes are kept in this tab.`}
        </p>
      )}
      <div className={classes.facts}>
        <TextInput
          id="automation-name"
          label={t`Name`}
          withAsterisk
          maxLength={80}
          value={document.name}
          onChange={(event) => {
            dispatch({ type: 'RENAME', name: event.currentTarget.value });
          }}
        />
        <NativeSelect
          label={t`Re-entry`}
          data={REENTRIES.map((value) => ({ value, label: REENTRY_LABELS[value] }))}
          value={document.reentry}
          onChange={(event) => {
            const chosen = REENTRIES.find((each) => each === event.currentTarget.value);
            if (chosen) dispatch({ type: 'SET_REENTRY', reentry: chosen });
          }}
        />
      </div>
      <TabLinks
        label={t`Tabs of the editor`}
        current={view}
        tabs={[
          { key: 'visual', to: addressWith({ view: null }), label: t`Visual` },
          { key: 'json', to: addressWith({ view: 'json' }), label: t`JSON` },
        ]}
      />
    </header>
  );
}
