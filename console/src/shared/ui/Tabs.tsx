import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import classes from './Tabs.module.css';

export interface Tab {
  key: string;
  label: string;
  content: ReactNode;
}

/** The tab that a key leads to, from the one at `at`; null for other keys. */
function tabAfter(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

/** Tabs within a part of a page. Arrow keys move between them; the first is open at first. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const id = useId();
  const [chosen, setChosen] = useState<string | null>(null);
  const current = tabs.find(({ key }) => key === chosen) ?? tabs[0];
  if (!current) return null;

  function move(event: KeyboardEvent<HTMLElement>, at: number) {
    const to = tabAfter(event.key, at, tabs.length);
    const next = to === null ? undefined : tabs[to];
    if (!next) return;
    event.preventDefault();
    setChosen(next.key);
    document.getElementById(`${id}-${next.key}`)?.focus();
  }

  return (
    <div className={classes.part}>
      <div role="tablist" aria-label={label} className={classes.tabs}>
        {tabs.map(({ key, label: words }, at) => (
          <button
            key={key}
            type="button"
            role="tab"
            id={`${id}-${key}`}
            className={classes.tab}
            aria-selected={key === current.key}
            aria-controls={`${id}-panel`}
            tabIndex={key === current.key ? 0 : -1}
            onClick={() => {
              setChosen(key);
            }}
            onKeyDown={(event) => {
              move(event, at);
            }}
          >
            {words}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${current.key}`}
        className={classes.panel}
      >
        {current.content}
      </div>
    </div>
  );
}
