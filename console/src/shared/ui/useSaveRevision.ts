import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

interface Revised {
  revision: number;
}

interface Options<Item extends Revised, Document> {
  /** What the form was filled from. */
  item: Item;
  replace: (document: Document & Revised) => Promise<Item>;
  /** Where the item is kept; it is replaced there by the answer. */
  queryKey: QueryKey;
  /** Other queries that show the item; they are read again. */
  invalidates: readonly QueryKey[];
  onSaved?: () => void;
}

/** Saves a form over the revision that it was filled from: somebody else's later change stays. */
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
