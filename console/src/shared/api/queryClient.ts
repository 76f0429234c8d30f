import {
  type InvalidateOptions,
  type InvalidateQueryFilters,
  QueryClient,
  type QueryKey,
} from '@tanstack/react-query';

/**
 * A client whose invalidation also restarts first loads that are under way. TanStack Query lets
 * these end, so that an answer from before a change would count as fresh after it.
 */
export class CurrentQueryClient extends QueryClient {
  override async invalidateQueries<Key extends QueryKey = QueryKey>(
    filters: InvalidateQueryFilters<Key> = {},
    options?: InvalidateOptions,
  ): Promise<void> {
    const { predicate } = filters;
    await this.cancelQueries({
      ...filters,
      type: 'active',
      fetchStatus: 'fetching',
      predicate: (query) => query.state.data === undefined && (predicate?.(query as never) ?? true),
    });
    await super.invalidateQueries(filters, options);
  }
}
