import { t } from '@lingui/core/macro';
import { json, jsonParseLinter } from '@codemirror/lang-json';
import { type Diagnostic, lintGutter, linter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'react';
import { codeTheme } from './codeTheme';
import classes from './Editor.module.css';
import type { DocumentProblem } from './problems';

interface Props {
  text: string;
  problems: readonly DocumentProblem[];
  isReadOnly: boolean;
  onChange: (text: string) => void;
}

/** Finds where a node's id is written. */
function placeOf(text: string, nodeId: string): { from: number; to: number } {
  const found = new RegExp(`"id"\\s*:\\s*"${nodeId}"`).exec(text);
  return found ? { from: found.index, to: found.index + found[0].length } : { from: 0, to: 0 };
}

function diagnosticsOf(text: string, problems: readonly DocumentProblem[]): Diagnostic[] {
  return problems.flatMap(({ nodeId, message, field }) =>
    nodeId === null
      ? []
      : [
          {
            ...placeOf(text, nodeId),
            severity: 'error' as const,
            message: field === null ? message : `${field}: ${message}`,
          },
        ],
  );
}

/**
 * Edits the document as JSON. It is in a shadow root, where CodeMirror uses constructed style
 * sheets: elsewhere it would write `<style>` elements, which the Content-Security-Policy refuses.
 */
export default function JsonEditor({ text, problems, isReadOnly, onChange }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // The editor's listeners are created once, so they read the latest values from here.
  const latest = useRef({ text, problems, onChange });
  useEffect(() => {
    latest.current = { text, problems, onChange };
  });

  useEffect(() => {
    if (!host.current) return;
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' });
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: latest.current.text,
        extensions: [
          basicSetup,
          json(),
          lintGutter(),
          linter(jsonParseLinter()),
          linter((shown) => diagnosticsOf(shown.state.doc.toString(), latest.current.problems)),
          codeTheme,
          EditorState.readOnly.of(isReadOnly),
          EditorView.contentAttributes.of({ 'aria-label': t`The automation as JSON`, tabindex: '0' }),
          EditorView.updateListener.of((update) => {
            if (!update.docChanged) return;
            const written = update.state.doc.toString();
            if (written !== latest.current.text) latest.current.onChange(written);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [isReadOnly]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);

  return <div ref={host} className={classes.json} data-json-editor />;
}
