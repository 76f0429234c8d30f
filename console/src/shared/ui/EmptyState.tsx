import type { ReactNode } from 'react';
import classes from './EmptyState.module.css';

interface Props {
  title: string;
  level?: 'h1' | 'h2';
  children: ReactNode;
}

/** Says that there is nothing to show, and what to do next. */
export function EmptyState({ title, level: Heading = 'h2', children }: Props) {
  return (
    <div className={classes.empty}>
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}
