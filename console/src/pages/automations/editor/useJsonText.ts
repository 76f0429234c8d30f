import { useState } from 'react';
import { type AutomationDocument, fromJson, isSameDocument, toWire } from './document';

function asText(document: AutomationDocument): string {
  return JSON.stringify(toWire(document), null, 2);
}

/** The document that the text is, or why it is none. */
function parseDocument(text: string): AutomationDocument | string {
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** Text that is being written, while it is no document. */
interface BrokenText {
  text: string;
  error: string;
}

export interface JsonText {
  text: string;
  /** Why the text is no document; null while it is one. */
  error: string | null;
  write: (text: string) => void;
}

/** The document as JSON that can be written. `onDocument` gets each other document it becomes. */
export function useJsonText(
  document: AutomationDocument,
  onDocument: (document: AutomationDocument) => void,
): JsonText {
  const [text, setText] = useState(() => asText(document));
  const [broken, setBroken] = useState<BrokenText | null>(null);

  // The text follows the document, but for the spaces of its writer.
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
