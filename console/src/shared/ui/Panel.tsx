import type { ReactNode } from 'react';
import classes from './Panel.module.css';

interface Props {
  /** The panel's name for screen readers: `Error`. */
  label: string;
  title: string;
  tone?: 'bad' | 'plain';
  children: ReactNode;
}

/** Highlights on a detail page why a run or delivery failed or was stopped. */
export function Panel({ label, title, tone = 'plain', children }: Props) {
  return (
    <section className={classes.panel} data-tone={tone} aria-label={label}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

/** The kind of an error, below its message. */
export function ErrorKind({ kind }: { kind: string }) {
  return <p className={classes.kind}>{kind}</p>;
}
