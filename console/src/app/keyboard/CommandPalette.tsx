import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  IconAlertTriangle,
  IconHistory,
  IconMailForward,
  IconRoute,
  IconSearch,
  IconShieldX,
  IconUser,
  type Icon,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { meQuery } from '../../shared/api/queries';
import { useServices } from '../../shared/auth/services';
import { explain } from '../../shared/ui/ErrorNotice';
import type { Opened } from './Keyboard';
import classes from './Keyboard.module.css';
import {
  matches,
  type PaletteGroup,
  type PaletteItem,
  useActions,
  useFilteredLists,
  usePages,
} from './paletteItems';
import { keepFind, readFinds } from './recentFinds';
import { type Found, KIND_LABELS, LEAST, searchQuery } from './search';

const DEBOUNCE_MS = 150;

const ICONS: Record<Found['type'], Icon> = {
  RUN: IconHistory,
  DELIVERY: IconMailForward,
  REFUSAL: IconShieldX,
  CONTACT: IconUser,
  AUTOMATION: IconRoute,
  FAILURE_GROUP: IconAlertTriangle,
};

interface Props {
  onClose: () => void;
  onOpen: (opened: Opened) => void;
}

/** The groups that are shown for the typed text. */
function useGroups(asked: string, onOpen: Props['onOpen']) {
  const { api } = useServices();
  const navigate = useNavigate();
  const { data: me } = useQuery(meQuery(api));
  const [settled] = useDebouncedValue(asked, DEBOUNCE_MS);
  const search = useQuery(searchQuery(api, settled));
  const email = me?.email ?? '';
  const workspaceId = me?.workspaceId ?? '';

  function toItem(found: Found): PaletteItem {
    return {
      key: `found ${found.href}`,
      title: found.title,
      subtitle: found.subtitle ?? undefined,
      kind: KIND_LABELS[found.type],
      icon: ICONS[found.type],
      run: () => {
        keepFind(email, workspaceId, found);
        void navigate(found.href);
      },
    };
  }

  const pages = usePages();
  const actions = useActions(onOpen);
  const lists = useFilteredLists(asked);
  const isAsked = asked.trim().length >= LEAST;
  const isWaiting = isAsked && (settled !== asked || search.isPending);
  const groups: PaletteGroup[] =
    asked.trim() === ''
      ? [
          { title: t`Recent finds`, items: readFinds(email, workspaceId).map(toItem) },
          { title: t`Pages`, items: pages },
          { title: t`Actions`, items: actions },
        ]
      : [
          { title: t`Pages`, items: pages.filter(({ title }) => matches(title, asked)) },
          { title: t`Actions`, items: actions.filter(({ title }) => matches(title, asked)) },
          { title: t`Found`, items: isWaiting ? [] : (search.data ?? []).map(toItem) },
          { title: t`Lists`, items: lists },
        ];
  return {
    groups: groups.filter(({ items }) => items.length > 0),
    isWaiting,
    error: isAsked ? search.error : null,
  };
}

/** What is shown besides the options, for screen readers too. */
function stateText(asked: string, count: number, isWaiting: boolean): string {
  if (isWaiting) return t`Searching…`;
  if (count > 0) return plural(count, { one: '1 result', other: `${count} results` });
  return asked.trim().length < LEAST ? t`Type at least two characters.` : t`Nothing was found.`;
}

interface OptionProps {
  id: string;
  item: PaletteItem;
  isActive: boolean;
  onRun: () => void;
  onPoint: () => void;
}

function Option({ id, item, isActive, onRun, onPoint }: OptionProps) {
  const { title, subtitle = '', kind, icon: ItemIcon } = item;
  return (
    // The keyboard chooses options in the search field.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={isActive}
      className={classes.option}
      onClick={onRun}
      onPointerMove={() => {
        if (!isActive) onPoint();
      }}
    >
      {ItemIcon && <ItemIcon size={18} aria-hidden />}
      <span className={classes.optionWords}>
        <span>{title}</span>
        {subtitle !== '' && <span className={classes.subtitle}>{subtitle}</span>}
      </span>
      {kind !== undefined && <span className={classes.kind}>{kind}</span>}
    </div>
  );
}

/** A search field with pages, actions and everything that the search finds. */
export default function CommandPalette({ onClose, onOpen }: Props) {
  const [asked, setAsked] = useState('');
  // The chosen option by its key, so that it stays when other options arrive above it.
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const { groups, isWaiting, error } = useGroups(asked, onOpen);
  const options = groups.flatMap(({ items }) => items);
  const found = options.findIndex(({ key }) => key === chosen);
  const at = found < 0 ? 0 : found;
  const active = options[at];
  const optionId = (key: string) => `${id}-${options.findIndex((each) => each.key === key)}`;

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active?.key]);

  function run(item: PaletteItem | undefined) {
    if (!item) return;
    onClose();
    item.run();
  }

  function onKeyDown(event: KeyboardEvent) {
    const last = options.length - 1;
    const targets: Partial<Record<string, number>> = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at === 0 ? last : at - 1,
    };
    const next = targets[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setChosen(options[next]?.key ?? null);
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      run(active);
    }
  }

  const state = stateText(asked, options.length, isWaiting);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t`Search records, pages and actions`}
      size="40rem"
      yOffset="8vh"
      // Locking the page's scroll would write a <style> element, which the security policy refuses.
      lockScroll={false}
      closeButtonProps={{ 'aria-label': t`Close` }}
      transitionProps={{ duration: 0 }}
    >
      <div className={classes.field}>
        <IconSearch size={18} aria-hidden />
        <input
          type="text"
          role="combobox"
          aria-label={t`Search records, pages and actions`}
          aria-expanded={options.length > 0}
          aria-controls={options.length > 0 ? `${id}-list` : undefined}
          aria-autocomplete="list"
          aria-activedescendant={active ? optionId(active.key) : undefined}
          placeholder={t`E-mail, phone, order number, id, name or action`}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          value={asked}
          onChange={({ currentTarget }) => {
            setAsked(currentTarget.value);
            setChosen(null);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {options.length > 0 ? (
        <div id={`${id}-list`} role="listbox" aria-label={t`Results`} className={classes.list} ref={list}>
          {groups.map(({ title, items }) => (
            <div key={title} role="group" aria-label={title}>
              <p className={classes.group} aria-hidden>
                {title}
              </p>
              {items.map((item) => (
                <Option
                  key={item.key}
                  id={optionId(item.key)}
                  item={item}
                  isActive={item.key === active?.key}
                  onRun={() => {
                    run(item);
                  }}
                  onPoint={() => {
                    setChosen(item.key);
                  }}
                />
              ))}
            </div>
          ))}
          {isWaiting && (
            <p className={classes.note} aria-hidden>
              {state}
            </p>
          )}
        </div>
      ) : (
        <div className={classes.list}>
          <p className={classes.note}>{state}</p>
        </div>
      )}
      {error && (
        <p role="alert" className={classes.note}>
          {t`The search failed. ${explain(error).advice}`}
        </p>
      )}
      <p role="status" className="visually-hidden">
        {state}
      </p>
      <p className={classes.footer} aria-hidden>
        <span>
          <Trans><kbd>↑</kbd> <kbd>↓</kbd> choose</Trans>
        </span>
        <span>
          <Trans><kbd>Enter</kbd> open</Trans>
        </span>
        <span>
          <Trans><kbd>Esc</kbd> close</Trans>
        </span>
        <span>
          <Trans><kbd>?</kbd> on a page: all shortcuts</Trans>
        </span>
      </p>
    </Modal>
  );
}
