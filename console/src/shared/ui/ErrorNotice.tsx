import { Button } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { ApiError, OfflineError, SessionExpiredError } from '../api/problem';
import classes from './ErrorNotice.module.css';

interface NoticeProps {
  title: string;
  tone?: 'info' | 'bad';
  children?: ReactNode;
  action?: ReactNode;
}

/** A few words that belong above what they speak of. Bad news is announced to screen readers. */
export function Notice({ title, tone = 'info', children, action }: NoticeProps) {
  const Icon = tone === 'bad' ? IconAlertTriangle : IconInfoCircle;
  return (
    <div className={classes.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={20} aria-hidden className={classes.icon} />
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {children !== undefined && <div className={classes.detail}>{children}</div>}
      </div>
      {action}
    </div>
  );
}

interface Explanation {
  title: string;
  advice: string;
}

function explainStatus(error: ApiError): Explanation {
  switch (error.status) {
    case 401:
      return {
        title: 'You are not signed in any more',
        advice: 'Sign out and in again, then repeat what you did.',
      };
    case 403:
      return {
        title: 'Your role does not allow this',
        advice: 'Ask an owner of the workspace for a role that does.',
      };
    case 404:
      return {
        title: 'There is no such thing in this workspace',
        advice: 'The link may be mistyped, the entry expired, or it belongs to another workspace.',
      };
    case 429:
      return {
        title: 'Too many requests',
        advice:
          error.retryAfterSeconds === null
            ? 'Wait a moment, then try again.'
            : `Wait ${error.retryAfterSeconds} s, then try again.`,
      };
    default:
      return error.status >= 500
        ? { title: 'The server failed to answer', advice: 'This is not your doing. Try again in a moment.' }
        : { title: error.title, advice: 'Change what was asked, then try again.' };
  }
}

/** What happened and what to do now, for every way a request can fail. */
export function explain(error: Error): Explanation & { detail: string | null } {
  if (error instanceof OfflineError) {
    return {
      title: 'No answer from the server',
      advice: 'Check the connection. What is shown may be out of date.',
      detail: null,
    };
  }
  if (error instanceof SessionExpiredError) {
    return { title: 'Your session has ended', advice: 'Sign in again.', detail: null };
  }
  if (error instanceof ApiError) return { ...explainStatus(error), detail: error.detail };
  return {
    title: 'Something went wrong in the console',
    advice: 'Reload the page.',
    detail: error.message,
  };
}

export function ErrorNotice({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { title, advice, detail } = explain(error);
  return (
    <Notice
      tone="bad"
      title={title}
      action={
        onRetry && (
          <Button variant="default" size="xs" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      {detail !== null && <p>{detail}</p>}
      <p>{advice}</p>
    </Notice>
  );
}
