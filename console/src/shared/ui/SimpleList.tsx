/** A row of a short list without pages: a title, details and actions. */

import { t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorNotice } from './ErrorNotice';
import classes from './SimpleList.module.css';

interface ItemProps {
  title: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
}

export function SimpleListItem({ title, children, actions }: ItemProps) {
  return (
    <li className={classes.item} data-item>
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {children !== undefined && <p className={classes.facts}>{children}</p>}
      </div>
      {Boolean(actions) && <div className={classes.actions}>{actions}</div>}
    </li>
  );
}

interface ActionProps {
  /** Names the row too, for screen readers: `Remove ada@example.com`. */
  label: string;
  isPending?: boolean;
  children: string;
  onClick: () => void;
}

export function SimpleListAction({ label, isPending = false, children, onClick }: ActionProps) {
  return (
    <Button variant="default" size="xs" loading={isPending} aria-label={label} onClick={onClick}>
      {children}
    </Button>
  );
}

interface ListProps<Item> {
  /** `Members` */
  label: string;
  query: { data: Item[] | undefined; error: Error | null; refetch: () => unknown };
  empty: ReactNode;
  children: (item: Item) => ReactNode;
}

export function SimpleList<Item>({ label, query, empty, children }: ListProps<Item>) {
  const { data: items, error } = query;
  return (
    <>
      {error && <ErrorNotice error={error} onRetry={() => void query.refetch()} />}
      {!items && !error && (
        <div role="status" aria-label={t`Loading ${label.toLowerCase()}`}>
          <Skeleton height={160} />
        </div>
      )}
      {items?.length === 0 && empty}
      {items && items.length > 0 && (
        <ul aria-label={label} className={classes.list}>
          {items.map(children)}
        </ul>
      )}
    </>
  );
}
