import { Component, type ReactNode } from 'react';

interface Props {
  /** Stands in where the part cannot be shown: its code did not arrive, or it failed. */
  fallback: ReactNode;
  children: ReactNode;
}

/** A part that a page can do without: it fails alone. */
export class FallbackBoundary extends Component<Props, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? this.props.fallback : this.props.children;
  }
}
