import { t } from '@lingui/core/macro';
import { ActionIcon, Button, Checkbox, TextInput } from '@mantine/core';
import { IconPencil, IconStar, IconStarFilled } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { useKeptState } from '../address/addressState';
import type { SavedView, ViewList } from '../api/types';
import { useAllows } from '../auth/role';
import { useServices } from '../auth/services';
import { ErrorNotice } from '../ui/ErrorNotice';
import { fieldError, formError, useFocusOnError } from '../ui/forms';
import { type AskedView, chooseDefault, forgetViews, saveView, viewFilter } from './savedViews';
import classes from './Views.module.css';

interface PanelProps {
  list: ViewList;
  /** `runs` */
  plural: string;
  filter: AskedView;
  query: { data: SavedView[] | undefined; error: Error | null; refetch: () => unknown };
  /** Whether no filter is set. */
  isPlain: boolean;
  plainAddress: string;
  addressOf: (view: SavedView) => string;
  isShown: (view: SavedView) => boolean;
  onEdit: (view: SavedView) => void;
  onClose: () => void;
}

type SaveProps = Pick<PanelProps, 'list' | 'filter' | 'onClose'>;

function SaveForm({ list, filter, onClose }: SaveProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const mayShare = useAllows('MEMBER');
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLInputElement>(null);
  // The menu's focus trap looked for it before this code was loaded.
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
  }, []);
  const { mutate, error, isPending } = useMutation({
    mutationFn: ({ name, shared }: { name: string; shared: boolean }) =>
      saveView(api, { list, name, filter: viewFilter(filter), shared }),
    networkMode: 'always',
    onSuccess: async () => {
      await forgetViews(queries, list);
      onClose();
    },
  });
  useFocusOnError(form, error);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const name = values.get('name');
    if (typeof name !== 'string') return;
    mutate({ name: name.trim(), shared: values.get('shared') === 'on' });
  }

  const general = formError(error, ['name']);
  return (
    <form ref={form} onSubmit={submit} className={classes.form} aria-label={t`Save the current filters`}>
      <TextInput
        ref={field}
        label={t`Save the current filters as`}
        name="name"
        placeholder={t`Name of the view`}
        required
        withAsterisk={false}
        maxLength={80}
        autoComplete="off"
        data-autofocus
        error={fieldError(error, 'name')}
      />
      {general && <ErrorNotice error={general} />}
      <div className={classes.save}>
        {mayShare && <Checkbox name="shared" label={t`Share with the workspace`} size="xs" />}
        <Button type="submit" size="xs" loading={isPending}>
          {t`Save view`}
        </Button>
      </div>
    </form>
  );
}

interface RowProps extends Pick<PanelProps, 'addressOf' | 'isShown' | 'onEdit' | 'onClose'> {
  view: SavedView;
  onDefault: (view: SavedView) => void;
}

/** Who sees the view, and who saved it. */
function owner({ shared, isOwn, createdBy }: SavedView): string | null {
  if (!shared) return null;
  return isOwn ? t`Shared by you` : t`Shared by ${createdBy}`;
}

function Row({ view, addressOf, isShown, onEdit, onClose, onDefault }: RowProps) {
  const { name, isDefault, mayChange } = view;
  const state = useKeptState();
  const sharing = owner(view);
  return (
    <li className={classes.row}>
      <span className={classes.words}>
        <Link
          to={addressOf(view)}
          state={state}
          aria-current={isShown(view) || undefined}
          className={classes.name ?? ''}
          onClick={onClose}
        >
          {name}
        </Link>
        {sharing !== null && <span className={classes.facts}>{sharing}</span>}
      </span>
      <ActionIcon
        variant="subtle"
        aria-pressed={isDefault}
        aria-label={t`Make ${name} your default for this list`}
        title={isDefault ? t`Your default for this list` : t`Make the view your default for this list`}
        onClick={() => {
          onDefault(view);
        }}
      >
        {isDefault ? <IconStarFilled size={16} aria-hidden /> : <IconStar size={16} aria-hidden />}
      </ActionIcon>
      {mayChange && (
        <ActionIcon
          variant="subtle"
          aria-label={t`Edit ${name}`}
          title={t`Edit the view`}
          onClick={() => {
            onEdit(view);
          }}
        >
          <IconPencil size={16} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
}

/** The views of a list, and the form that saves its current filters. */
export default function ViewsPanel(props: PanelProps) {
  const { list, plural, filter, query, isPlain, plainAddress, onClose } = props;
  const { addressOf, isShown, onEdit } = props;
  const { api } = useServices();
  const queries = useQueryClient();
  const state = useKeptState();
  const choice = useMutation({
    mutationFn: (view: SavedView) => chooseDefault(api, view),
    networkMode: 'always',
    onSuccess: () => forgetViews(queries, list),
  });
  const { data: views, error } = query;
  return (
    <div className={classes.panel}>
      <SaveForm list={list} filter={filter} onClose={onClose} />
      {error && <ErrorNotice error={error} onRetry={() => void query.refetch()} />}
      {choice.error && <ErrorNotice error={choice.error} />}
      {views?.length === 0 && <p className={classes.facts}>{t`No saved views of ${plural} yet.`}</p>}
      {views && views.length > 0 && (
        <ul className={classes.list} aria-label={t`Saved views of ${plural}`}>
          {views.map((view) => (
            <Row
              key={view.id}
              view={view}
              addressOf={addressOf}
              isShown={isShown}
              onEdit={onEdit}
              onClose={onClose}
              onDefault={choice.mutate}
            />
          ))}
        </ul>
      )}
      {!isPlain && (
        <Link to={plainAddress} state={state} className={classes.name ?? ''} onClick={onClose}>
          {t`Show ${plural} without filters`}
        </Link>
      )}
    </div>
  );
}
