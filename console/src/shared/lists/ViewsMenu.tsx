import { t } from '@lingui/core/macro';
import { Button, Popover } from '@mantine/core';
import { IconBookmark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { NavigationType, useLocation, useNavigationType } from 'react-router';
import {
  type AddressState,
  searchOf,
  useAddressState,
  useAddressWith,
} from '../address/addressState';
import type { SavedView, ViewFilter, ViewList } from '../api/types';
import { useServices } from '../auth/services';
import { lazyComponent } from '../ui/lazyComponent';
import { type AskedView, viewsQuery } from './savedViews';

const { Component: ViewsPanel } = lazyComponent(() => import('./ViewsPanel'));
const { Component: ViewDialog } = lazyComponent(() => import('./ViewDialog'));

interface Props<Values extends object> {
  list: ViewList;
  /** `runs` */
  plural: string;
  /** The filters of the page's address. */
  state: AddressState<Values>;
  /** These filters as the API takes them; a new view keeps them. */
  filter: AskedView;
  /** Corrects the values of a view, if the page shows some filters in its own way. */
  settle?: (values: Values, filter: ViewFilter) => Values;
}

/** Whether the page was opened without filters, by a link or by hand; Back shows what was there. */
function useIsOpenedPlain(isPlain: boolean): boolean {
  const { key } = useLocation();
  const type = useNavigationType();
  const [isOpened] = useState(() => isPlain && (type !== NavigationType.Pop || key === 'default'));
  return isOpened;
}

function same<Values>(values: Values): Values {
  return values;
}

/**
 * The menu of a list's saved views. A view only sets the page's address. The default is applied
 * once, if the page was opened without filters.
 */
export function ViewsMenu<Values extends object>(props: Props<Values>) {
  const { list, plural, state, filter, settle = same } = props;
  const { api } = useServices();
  const [isOpen, setOpen] = useState(false);
  const [edited, setEdited] = useState<SavedView | null>(null);
  const [values, change] = useAddressState(state);
  const addressWith = useAddressWith(state);
  const written = state.address('', values);
  const isPlain = written === '';
  const isOpened = useIsOpenedPlain(isPlain);
  const query = useQuery({ ...viewsQuery(api, list), enabled: isOpened || isOpen });
  const valuesOf = ({ filter: kept }: SavedView) => settle(state.read(searchOf(kept)), kept);
  const isShown = (view: SavedView) => state.address('', valuesOf(view)) === written;
  const chosen = isPlain ? undefined : query.data?.find(isShown);

  const isSettled = useRef(false);
  const first = query.data?.find(({ isDefault }) => isDefault);
  useEffect(() => {
    if (!isOpened || isSettled.current || !query.data) return;
    isSettled.current = true;
    // Filters that were set while the views were loading stay.
    if (first && isPlain) change(settle(state.read(searchOf(first.filter)), first.filter), 'replace');
  }, [isOpened, query.data, first, isPlain, change, settle, state]);

  return (
    <>
      <Popover
        opened={isOpen}
        onChange={setOpen}
        hideDetached={false}
        position="bottom-end"
        width={340}
        trapFocus
        returnFocus
      >
        <Popover.Target>
          <Button
            variant={chosen ? 'light' : 'default'}
            size="xs"
            leftSection={<IconBookmark size={16} aria-hidden />}
            onClick={() => {
              setOpen(!isOpen);
            }}
          >
            {chosen ? t`View: ${chosen.name}` : t`Views`}
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <ViewsPanel
            list={list}
            plural={plural}
            filter={filter}
            query={query}
            isPlain={isPlain}
            plainAddress={addressWith(state.none)}
            addressOf={(view) => addressWith({ ...state.none, ...valuesOf(view) })}
            isShown={isShown}
            onEdit={(view) => {
              setOpen(false);
              setEdited(view);
            }}
            onClose={() => {
              setOpen(false);
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {edited && (
        <ViewDialog
          view={edited}
          filter={filter}
          isShown={isShown(edited)}
          onClose={() => {
            setEdited(null);
          }}
        />
      )}
    </>
  );
}
