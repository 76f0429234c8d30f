import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { formatCount } from '../../shared/ui/format';
import classes from './Overview.module.css';

interface Props {
  label: string;
  /** Undefined until the first answer. */
  count: number | undefined;
  /** False if the number is a minimum. */
  isComplete?: boolean | undefined;
  to: string | undefined;
  tone?: 'bad' | 'waiting' | undefined;
  children?: ReactNode;
}

/** A number that leads to the list of its items. */
export function Tile({ label, count, isComplete = true, to, tone, children }: Props) {
  return (
    <div className={classes.tile} data-tone={count ? tone : undefined}>
      <p className={classes.label}>
        {to === undefined ? label : <Link to={to}>{label}</Link>}
      </p>
      {count === undefined ? (
        <Skeleton className={classes.count ?? ''} width="4rem" height="2.25rem" />
      ) : (
        <p className={classes.count}>
          {isComplete ? (
            formatCount(count)
          ) : (
            <>
              <span className="visually-hidden">{t`at least ${formatCount(count)}`}</span>
              <span aria-hidden>{formatCount(count)}+</span>
            </>
          )}
        </p>
      )}
      <div className={classes.note}>{children}</div>
    </div>
  );
}

/** Tiles below a title. */
export function TileGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.group} aria-label={title}>
      <h2>{title}</h2>
      <div className={classes.tiles}>{children}</div>
    </section>
  );
}
