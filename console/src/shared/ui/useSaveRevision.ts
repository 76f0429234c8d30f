import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

interface Revised {
  revision: number;
}

interface Options<Item extends Revised, Document> {
  /** The item that the form was filled from. */
  item: Item;
  replace: (document: Document & Revised) => Promise<Item>;
  /** The query key of the item; the answer replaces it. */
  queryKey: QueryKey;
  /** Other queries that show the item; they are refetched. */
  invalidates: readonly QueryKey[];
  onSaved?: () => void;
}

/**
 * Saves a form over the revision that it was filled from. A later change by others is kept (409).
 */
export function useSaveRevision<Item extends Revised, Document>(options: Options<Item, Document>) {
  const { item, replace, queryKey, invalidates, onSaved } = options;
  const queries = useQueryClient();
  const [revision, setRevision] = useState(item.revision);
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: (document: Document) => replace({ ...document, revision }),
    networkMode: 'always',
    onSuccess: (changed) => {
      setRevision(changed.revision);
      queries.setQueryData(queryKey, changed);
      for (const key of invalidates) void queries.invalidateQueries({ queryKey: key });
      onSaved?.();
    },
  });
  return { save: mutate, error, isPending, isSuccess };
}
