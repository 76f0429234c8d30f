/** Parts of every detail page: the back link, loading and error states, facts and sections. */

import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import { IconChevronLeft } from '@tabler/icons-react';
import { type ReactNode, useId, useMemo } from 'react';
import { Link, useLocation } from 'react-router';
import { useKeptState } from '../address/addressState';
import { ApiError } from '../api/problem';
import { CopyButton } from './CopyButton';
import classes from './Detail.module.css';
import { EmptyState } from './EmptyState';
import { ErrorNotice } from './ErrorNotice';
import { capitalize } from './format';

interface BackProps {
  /** The list's path. The filters are kept if the visitor came from the list. */
  to: string;
  /** Whether `to` is not a list but the item's own page, which gets the way back to the list. */
  isThing?: boolean | undefined;
  children: ReactNode;
}

/** The state that a link from a list carries, so that the back link keeps the list's filters. */
export interface ListState {
  list: string;
}

/** The state for links from a list to its items and to the form of a new one. */
export function useListState(): ListState {
  const { search } = useLocation();
  return useMemo(() => ({ list: search }), [search]);
}

function cameFrom(state: unknown): string {
  const list = typeof state === 'object' && state !== null && 'list' in state ? state.list : '';
  return typeof list === 'string' ? list : '';
}

/** The properties of a back link. */
export function useBackLink({ to, isThing = false }: Omit<BackProps, 'children'>) {
  const state = useKeptState();
  return isThing ? { to, state } : { to: `${to}${cameFrom(state)}` };
}

export function BackLink({ children, ...back }: BackProps) {
  return (
    <Link {...useBackLink(back)} className={classes.back ?? ''}>
      <IconChevronLeft size={16} aria-hidden />
      {children}
    </Link>
  );
}

interface DetailProps<Item> {
  /** The item's name in a sentence: `delivery`. */
  noun: string;
  back: Pick<BackProps, 'to' | 'isThing'> & { label: string };
  /** The title if the item is gone (410); by default that it has expired. */
  goneTitle?: string;
  query: { data: Item | undefined; error: Error | null; refetch: () => unknown };
  title: (item: Item) => string;
  /** Whether the page uses the whole width of a wide screen. */
  isWide?: boolean;
  children: (item: Item) => ReactNode;
}

function isGone(error: Error | null): error is ApiError {
  return error instanceof ApiError && (error.status === 404 || error.status === 410);
}

type GoneProps = Pick<DetailProps<unknown>, 'noun' | 'back' | 'goneTitle'> & { error: ApiError };

function Gone({ noun, back, goneTitle = t`This ${noun} has expired`, error }: GoneProps) {
  const expired = error.status === 410;
  return (
    <EmptyState
      level="h1"
      title={expired ? goneTitle : t`${capitalize(noun)} not found`}
    >
      <p>
        {expired
          ? (error.detail ?? t`This ${noun} is older than the retention period of this workspace.`)
          : t`Check the id. The ${noun} may also have expired, or belong to another workspace.`}
      </p>
      <p>
        <Link to={back.to}>{t`Go to ${back.label}`}</Link>
      </p>
    </EmptyState>
  );
}

/** A detail page in each of its states: loaded, loading, gone or failed. */
export function DetailPage<Item>(props: DetailProps<Item>) {
  const { noun, back, goneTitle, query, title, isWide = false, children } = props;
  const { data: item, error } = query;
  const gone = isGone(error);
  const name = item === undefined || gone ? capitalize(noun) : title(item);
  return (
    <article className={classes.page} data-wide={isWide}>
      <title>{`${name} · Runledger`}</title>
      <BackLink to={back.to} isThing={back.isThing}>
        {back.label}
      </BackLink>
      {gone ? (
        <Gone noun={noun} back={back} error={error} {...(goneTitle === undefined ? {} : { goneTitle })} />
      ) : (
        error && <ErrorNotice error={error} onRetry={() => void query.refetch()} />
      )}
      {item !== undefined && !gone && children(item)}
      {item === undefined && !error && (
        <div role="status" aria-label={t`Loading the ${noun}`} className={classes.loading}>
          <Skeleton height={36} width="60%" />
          <Skeleton height={90} />
          <Skeleton height={240} />
        </div>
      )}
    </article>
  );
}

interface HeaderProps {
  title: string;
  /** Shown beside the title: a status, a version. */
  state?: ReactNode;
  actions?: ReactNode;
  id: string;
  /** The kind of the id, for the label of its copy button. */
  noun: string;
  children?: ReactNode;
}

export function DetailHeader({ title, state, actions, id, noun, children }: HeaderProps) {
  return (
    <header className={classes.header}>
      <div className={classes.titleRow}>
        <h1>{title}</h1>
        {state}
        {Boolean(actions) && <div className={classes.actions}>{actions}</div>}
      </div>
      <p className={classes.id}>
        <code>{id}</code>
        <CopyButton text={id} label={t`Copy ${noun} id`} />
      </p>
      {children}
    </header>
  );
}

export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={classes.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
