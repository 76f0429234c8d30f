import { t } from '@lingui/core/macro';
import { Button, Checkbox, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef, useState } from 'react';
import type { SavedView } from '../api/types';
import { useAllows } from '../auth/role';
import { useServices } from '../auth/services';
import { ConfirmDialog } from '../ui/ConfirmDialog';
import { Dialog, DialogDecision } from '../ui/Dialog';
import { fieldError, formError, useFocusOnError } from '../ui/forms';
import { type AskedView, deleteView, forgetViews, replaceView, viewFilter } from './savedViews';
import classes from './Views.module.css';

interface Props {
  view: SavedView;
  /** The current filters of the list. */
  filter: AskedView;
  /** Whether the view has the current filters already. */
  isShown: boolean;
  onClose: () => void;
}

interface Changes {
  name: string;
  shared: boolean;
  isUpdated: boolean;
}

/** Renames, shares, updates or deletes a view; open while it is rendered. */
export default function ViewDialog({ view, filter, isShown, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const isMember = useAllows('MEMBER');
  const [isDeleting, setDeleting] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const { id, list, revision, shared, isOwn } = view;
  const { mutate, error, isPending } = useMutation({
    mutationFn: ({ name, shared: isShared, isUpdated }: Changes) =>
      replaceView(api, id, {
        list,
        name,
        shared: isShared,
        filter: isUpdated ? viewFilter(filter) : view.filter,
        revision,
      }),
    networkMode: 'always',
    onSuccess: async () => {
      await forgetViews(queries, list);
      onClose();
    },
  });
  useFocusOnError(form, error);
  // Only the owner can stop sharing a view.
  const mayShare = isMember && (isOwn || !shared);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const name = values.get('name');
    if (typeof name !== 'string') return;
    mutate({
      name: name.trim(),
      shared: mayShare ? values.get('shared') === 'on' : shared,
      isUpdated: values.get('update') === 'on',
    });
  }

  if (isDeleting) {
    return (
      <ConfirmDialog
        title={t`Delete ${view.name}?`}
        action={t`Delete view`}
        run={async () => {
          await deleteView(api, id);
          await forgetViews(queries, list);
        }}
        onClose={onClose}
      >
        <p>
          {shared
            ? t`The view disappears for all members of the workspace. The list itself does not change.`
            : t`The view disappears. The list itself does not change.`}
        </p>
      </ConfirmDialog>
    );
  }
  return (
    <Dialog title={t`Edit ${view.name}`} opened onClose={onClose}>
      <form ref={form} onSubmit={submit} className={classes.form}>
        <TextInput
          label={t`Name`}
          name="name"
          defaultValue={view.name}
          required
          withAsterisk={false}
          maxLength={80}
          autoComplete="off"
          data-autofocus
          error={fieldError(error, 'name')}
        />
        {!isShown && (
          <Checkbox
            name="update"
            label={t`Replace its filters`}
            description={t`The view then has the filters that the list shows now.`}
          />
        )}
        {mayShare && (
          <Checkbox
            name="shared"
            label={t`Share with the workspace`}
            description={t`All members see the view. You and every admin can change it.`}
            defaultChecked={shared}
          />
        )}
        <Button
          variant="subtle"
          color="red"
          className={classes.remove}
          onClick={() => {
            setDeleting(true);
          }}
        >
          {t`Delete this view…`}
        </Button>
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Save`}
          error={formError(error, ['name'])}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}
