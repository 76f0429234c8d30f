import { t } from '@lingui/core/macro';
import { IconSearch } from '@tabler/icons-react';
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { useLocation } from 'react-router';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { lazyComponent } from '../../shared/ui/lazyComponent';
import { areSingleKeysOn, useSingleKeys } from '../../shared/ui/singleKeys';
import classes from './Keyboard.module.css';
import { isPaletteKey, isSingleKey, isTyping, paletteKeyText, ROW_KEYS } from './shortcuts';

// Loaded when they are first opened.
const { Component: CommandPalette } = lazyComponent(() => import('./CommandPalette'));
const { Component: ShortcutsDialog } = lazyComponent(() => import('./ShortcutsDialog'));
const { Component: ExportDialog } = lazyComponent(() => import('../../shared/lists/ExportDialog'));

export type Opened = 'search' | 'shortcuts' | 'export';

const OpenContext = createContext<(opened: Opened) => void>(() => undefined);

/** The current filters of the run history, else those of an address without any. */
function ExportRuns({ onClose }: { onClose: () => void }) {
  const { pathname, search } = useLocation();
  const filters = RUN_FILTERS.read(pathname === '/runs' ? search : '');
  return (
    <ExportDialog
      list="RUNS"
      plural={t`runs`}
      filter={RUN_FILTERS.toQuery(filters)}
      total={undefined}
      onClose={onClose}
    />
  );
}

/** Listens for the shortcuts of every page, and shows the dialogs that they open. */
export function Keyboard({ children }: { children: ReactNode }) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const close = useMemo(
    () => () => {
      setOpened(null);
    },
    [],
  );

  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.defaultPrevented || event.repeat) return;
      if (isPaletteKey(event)) {
        event.preventDefault();
        setOpened((before) => (before === 'search' ? null : 'search'));
        return;
      }
      if (!isSingleKey(event) || !areSingleKeysOn() || isTyping(event)) return;
      if (event.key === '/' || event.key === '?') {
        event.preventDefault();
        setOpened(event.key === '/' ? 'search' : 'shortcuts');
        return;
      }
      if (ROW_KEYS[event.key]?.() === true) event.preventDefault();
    }
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, []);

  return (
    <OpenContext value={setOpened}>
      {children}
      {opened === 'search' && <CommandPalette onClose={close} onOpen={setOpened} />}
      {opened === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      {opened === 'export' && <ExportRuns onClose={close} />}
    </OpenContext>
  );
}

/** Looks like a search field and opens the palette. `isSmall`: only its icon. */
export function SearchButton({ isSmall = false }: { isSmall?: boolean }) {
  const open = use(OpenContext);
  const hasSingleKeys = useSingleKeys();
  return (
    <button
      type="button"
      className={classes.search}
      data-small={isSmall}
      aria-label={isSmall ? t`Open the search` : t`Search records, pages and actions`}
      aria-keyshortcuts={hasSingleKeys ? '/ Control+K Meta+K' : 'Control+K Meta+K'}
      title={t`Search records, pages and actions (${paletteKeyText()})`}
      onClick={() => {
        open('search');
      }}
    >
      <IconSearch size={18} aria-hidden />
      {!isSmall && (
        <>
          <span className={classes.words}>{t`Search`}</span>
          <kbd aria-hidden>{hasSingleKeys ? '/' : paletteKeyText()}</kbd>
        </>
      )}
    </button>
  );
}
