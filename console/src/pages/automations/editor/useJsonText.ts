import { useState } from 'react';
import { type AutomationDocument, fromJson, isSameDocument, toWire } from './document';

function asText(document: AutomationDocument): string {
  return JSON.stringify(toWire(document), null, 2);
}

/** The document in the text, or why the text is invalid. */
function parseDocument(text: string): AutomationDocument | string {
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** The typed text while it is not a valid document. */
interface BrokenText {
  text: string;
  error: string;
}

export interface JsonText {
  text: string;
  /** Why the text is not a valid document; null if it is. */
  error: string | null;
  write: (text: string) => void;
}

/** The document as editable JSON. `onDocument` gets each new valid document. */
export function useJsonText(
  document: AutomationDocument,
  onDocument: (document: AutomationDocument) => void,
): JsonText {
  const [text, setText] = useState(() => asText(document));
  const [broken, setBroken] = useState<BrokenText | null>(null);

  // The text follows the document, except for the user's own spacing.
  const parsed = broken ? null : parseDocument(text);
  const isStale =
    parsed !== null && (typeof parsed === 'string' || !isSameDocument(parsed, document));
  if (isStale) setText(asText(document));

  function write(written: string) {
    const result = parseDocument(written);
    if (typeof result === 'string') {
      setBroken({ text: written, error: result });
      return;
    }
    setBroken(null);
    setText(written);
    if (!isSameDocument(result, document)) onDocument(result);
  }

  return { text: broken?.text ?? text, error: broken?.error ?? null, write };
}
