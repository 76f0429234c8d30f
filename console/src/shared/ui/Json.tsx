import { t } from '@lingui/core/macro';
import type { ReactNode } from 'react';
import { CopyButton } from './CopyButton';
import classes from './Json.module.css';

/** What the API writes instead of a secret. */
const STRUCK = /(\[redacted\]|\{\{\s*secret\.\w+\s*\}\})/;

/** A text from a run in which removed secrets are marked. */
export function StruckText({ text }: { text: string }): ReactNode {
  const parts = text.split(STRUCK);
  if (parts.length === 1) return text;
  // After a split by a group, every second part is the group's match.
  return parts.map((part, index) =>
    index % 2 === 1 ? (
      <mark key={index} className={classes.struck} title={t`Secret, removed before this was stored`}>
        {part}
      </mark>
    ) : (
      part
    ),
  );
}

/** A value from a run as indented text, never as markup. Removed secrets are marked. */
export function Json({ label, value }: { label: string; value: unknown }) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className={classes.json}>
      {/* It scrolls, so it must be reachable by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre className={classes.text} role="region" aria-label={label} tabIndex={0}>
        <StruckText text={text} />
      </pre>
      <CopyButton text={text} label={t`Copy ${label.toLowerCase()}`} />
    </div>
  );
}
