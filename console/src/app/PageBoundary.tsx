import { Skeleton } from '@mantine/core';
import { Component, type ReactNode, Suspense } from 'react';
import { ErrorNotice } from '../shared/ui/ErrorNotice';
import classes from './Shell.module.css';

interface Props {
  /** Changes with the page, so that an error on one page does not stay on the next. */
  pageKey: string;
  children: ReactNode;
}

interface State {
  error: Error | null;
  pageKey: string;
}

/**
 * Shows a placeholder while a page's code loads, and an error if loading or rendering fails (a new
 * release may have removed the code). The navigation stays.
 */
export class PageBoundary extends Component<Props, State> {
  override state: State = { error: null, pageKey: this.props.pageKey };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  static getDerivedStateFromProps({ pageKey }: Props, state: State): Partial<State> | null {
    return pageKey === state.pageKey ? null : { error: null, pageKey };
  }

  override render() {
    if (this.state.error) {
      return (
        <ErrorNotice
          error={this.state.error}
          onRetry={() => {
            window.location.reload();
          }}
        />
      );
    }
    return (
      <Suspense
        fallback={
          <div role="status" aria-label="Loading the page" className={classes.loading}>
            <Skeleton height={30} width="14rem" />
            <Skeleton height={36} />
            <Skeleton height={320} />
          </div>
        }
      >
        {this.props.children}
      </Suspense>
    );
  }
}
