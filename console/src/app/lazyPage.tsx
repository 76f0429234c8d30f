import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import type { ComponentType } from 'react';
import { lazyComponent } from '../shared/ui/lazyComponent';
import classes from './Shell.module.css';

export interface LazyPage {
  Page: ComponentType;
  /** Begins to load the page's code. Repeats do nothing. */
  load: () => void;
}

export function PageSkeleton() {
  return (
    <div role="status" aria-label={t`Loading the page`} className={classes.loading}>
      <Skeleton height={30} width="14rem" />
      <Skeleton height={36} />
      <Skeleton height={320} />
    </div>
  );
}

/** A page whose code loads when it is first opened. */
export function lazyPage(importPage: () => Promise<{ default: ComponentType }>): LazyPage {
  const { Component, load } = lazyComponent(importPage, <PageSkeleton />);
  return { Page: Component, load };
}
