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

/** A short notice above the part it is about. A bad one is announced to screen readers. */
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
        title: 'You are no longer signed in',
        advice: 'Sign out, sign in again, then repeat the action.',
      };
    case 403:
      return {
        title: 'Your role does not allow this',
        advice: 'Ask an owner of the workspace for a higher role.',
      };
    case 404:
      return {
        title: 'Not found in this workspace',
        advice: 'Check the link. The entry may also have expired, or belong to another workspace.',
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
        ? { title: 'Server error', advice: 'Try again in a moment.' }
        : { title: error.title, advice: 'Correct the request, then try again.' };
  }
}

/** Returns what happened and what to do, for every way in which a request can fail. */
export function explain(error: Error): Explanation & { detail: string | null } {
  if (error instanceof OfflineError) {
    return {
      title: 'No answer from the server',
      advice: 'Check your connection. The page may be out of date.',
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
