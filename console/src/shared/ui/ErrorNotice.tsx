import { t } from '@lingui/core/macro';
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
        title: t`You are no longer signed in`,
        advice: t`Sign out, sign in again, then repeat the action.`,
      };
    case 403:
      return {
        title: t`Your role does not allow this`,
        advice: t`Ask an owner of the workspace for a higher role.`,
      };
    case 404:
      return {
        title: t`Not found in this workspace`,
        advice: t`Check the link. The entry may also have expired, or belong to another workspace.`,
      };
    case 429:
      return {
        title: t`Too many requests`,
        advice:
          error.retryAfterSeconds === null
            ? t`Wait a moment, then try again.`
            : t`Wait ${error.retryAfterSeconds} s, then try again.`,
      };
    default:
      return error.status >= 500
        ? { title: t`Server error`, advice: t`Try again in a moment.` }
        : { title: error.title, advice: t`Correct the request, then try again.` };
  }
}

/** Returns what happened and what to do, for every way in which a request can fail. */
export function explain(error: Error): Explanation & { detail: string | null } {
  if (error instanceof OfflineError) {
    return {
      title: t`No answer from the server`,
      advice: t`Check your connection. The page may be out of date.`,
      detail: null,
    };
  }
  if (error instanceof SessionExpiredError) {
    return { title: t`Your session has ended`, advice: t`Sign in again.`, detail: null };
  }
  if (error instanceof ApiError) return { ...explainStatus(error), detail: error.detail };
  return {
    title: t`Something went wrong in the console`,
    advice: t`Reload the page.`,
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
            {t`Try again`}
          </Button>
        )
      }
    >
      {detail !== null && <p>{detail}</p>}
      <p>{advice}</p>
    </Notice>
  );
}
