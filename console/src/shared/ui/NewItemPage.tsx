import { t } from '@lingui/core/macro';
import { type UseMutateFunction, useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { useKeptState } from '../address/addressState';
import { BackLink } from './Detail';
import classes from './Detail.module.css';
import { capitalize } from './format';
import { NeedsRole } from './NeedsRole';

interface FormProps<Document> {
  submitLabel: string;
  /** The error of the last try to create it. */
  error: Error | null;
  isPending: boolean;
  onSave: UseMutateFunction<{ id: string }, Error, Document>;
}

interface Props<Document> {
  /** `segment` and `segments`; the plural is the list's query key as well. */
  noun: string;
  plural: string;
  /** The list's path. The paths of its items are below it. */
  path: string;
  create: (document: Document) => Promise<{ id: string }>;
  children: (form: FormProps<Document>) => ReactNode;
}

/** The form of a new item. After creation it goes to the item's page. */
export function NewItemPage<Document>(props: Props<Document>) {
  const { noun, plural, path, create, children } = props;
  const queries = useQueryClient();
  const navigate = useNavigate();
  const state = useKeptState();
  const { mutate, error, isPending } = useMutation({
    mutationFn: create,
    networkMode: 'always',
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: [plural] });
      void navigate(`${path}/${id}`, { replace: true, state });
    },
  });
  return (
    <div className={classes.page}>
      <title>{t`New ${noun} · Runledger`}</title>
      <BackLink to={path}>{capitalize(plural)}</BackLink>
      <h1>{t`New ${noun}`}</h1>
      <NeedsRole least="ADMIN">
        {children({ submitLabel: t`Create ${noun}`, error, isPending, onSave: mutate })}
      </NeedsRole>
    </div>
  );
}
