import { Component, type ReactNode } from 'react';
import { ErrorNotice } from '../shared/ui/ErrorNotice';

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
 * Shows an error if loading or rendering a page fails (a new release may have removed its code). The
 * navigation stays.
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
    return this.props.children;
  }
}
