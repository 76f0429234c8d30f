import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Page } from '../api/types';
import { useAllows } from '../auth/role';
import { useListState } from '../ui/Detail';
import { capitalize } from '../ui/format';
import { ListResults } from './ListPage';
import classes from './ListPage.module.css';
import { type Column, RowTable } from './RowTable';
import { useLiveList } from './useLiveList';

interface EditableItem {
  id: string;
  createdAt: string;
}

interface Props<Item> {
  /** `segment` and `segments`. */
  noun: string;
  plural: string;
  /** The list's path. The paths of its items and of `new` are below it. */
  path: string;
  /** Names the list and its filters: `['contacts', contact]`. */
  queryKey: readonly unknown[];
  fetchPage: (cursor: string | null, signal: AbortSignal) => Promise<Page<Item>>;
  columns: Column<Item>[];
  /** Shown if there are no rows; `create` links to the form of a new item. */
  empty: (create: ReactNode) => ReactNode;
  /** Beside the button for a new item. */
  actions?: ReactNode;
  /** Tabs and filters, between the heading and the rows. */
  children?: ReactNode;
}

function NewButton({ noun, path }: { noun: string; path: string }) {
  return (
    <Button component={Link} to={`${path}/new`} state={useListState()}>
      {t`New ${noun}`}
    </Button>
  );
}

/** A list of things that people edit: newest first, with a button for admins to create one. */
export function EditableListPage<Item extends EditableItem>(props: Props<Item>) {
  const { noun, plural, path, queryKey, fetchPage, columns, empty, actions, children } = props;
  const create = useAllows('ADMIN') && <NewButton noun={noun} path={path} />;
  const list = useLiveList<Item>({ queryKey, fetchPage, isOpen: () => false });
  const title = capitalize(plural);
  return (
    <div className={classes.page}>
      <title>{`${title} · Runledger`}</title>
      <div className={classes.titleRow}>
        <h1>{title}</h1>
        {actions === undefined ? (
          create
        ) : (
          <div className={classes.titleActions}>
            {actions}
            {create}
          </div>
        )}
      </div>
      {children}
      <ListResults noun={noun} plural={plural} list={list} empty={empty(create)}>
        {(items) => (
          <RowTable
            label={t`${title}, newest first`}
            columns={columns}
            rows={items}
            addressOf={({ id }) => `${path}/${id}`}
          />
        )}
      </ListResults>
    </div>
  );
}
