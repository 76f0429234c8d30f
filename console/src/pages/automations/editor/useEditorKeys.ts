import { useEffect, useRef } from 'react';

interface Handlers {
  save: () => void;
  undo: () => void;
  redo: () => void;
}

/** Ctrl+S saves; Ctrl+Z and Ctrl+Shift+Z undo and redo, except in text fields. */
export function useEditorKeys(isReadOnly: boolean, handlers: Handlers): void {
  const latest = useRef(handlers);
  useEffect(() => {
    latest.current = handlers;
  });
  useEffect(() => {
    if (isReadOnly) return;
    function onKey(event: KeyboardEvent) {
      if (!event.ctrlKey && !event.metaKey) return;
      const key = event.key.toLowerCase();
      const target = event.target instanceof HTMLElement ? event.target : null;
      // Fields and the JSON view have their own undo.
      const isWriting = target?.closest('input, textarea, select, [data-json-editor]');
      if (key === 's') {
        event.preventDefault();
        latest.current.save();
      } else if (key === 'z' && !isWriting) {
        event.preventDefault();
        if (event.shiftKey) latest.current.redo();
        else latest.current.undo();
      }
    }
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [isReadOnly]);
}
