import { Component, type ReactNode } from 'react';

interface Props {
  /** Shown instead of a part whose code did not load, or which failed. */
  fallback: ReactNode;
  children: ReactNode;
}

/** Wraps an optional part of a page, so that its failure does not break the page. */
export class FallbackBoundary extends Component<Props, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
