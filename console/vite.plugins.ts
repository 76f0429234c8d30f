import { compileMessageOrThrow } from '@lingui/message-utils/compileMessage';
import { generateMessageId } from '@lingui/message-utils/generateMessageId';
import type { Plugin } from 'vite';

const MESSAGE = /(\bmessage: )("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/g;

/** The text of a string literal in either kind of quotes. */
function textOf(literal: string): string {
  const inner = literal.slice(1, -1);
  const escaped = literal.startsWith("'") ? inner.replaceAll("\\'", "'").replaceAll('"', '\\"') : inner;
  return JSON.parse(`"${escaped}"`) as string;
}

/**
 * Compiles the English messages that Lingui's macros leave in the code, so that the browser needs
 * neither a parser of messages nor a catalogue of English. A message without values stays a text.
 */
export function compileMessages(): Plugin {
  return {
    name: 'compile-messages',
    enforce: 'pre',
    transform: {
      filter: { code: '/*i18n*/' },
      handler(code) {
        let found = 0;
        const compiled = code.replace(MESSAGE, (whole, name: string, literal: string) => {
          const message = textOf(literal);
          const isOfMacro = code.includes(`id: "${generateMessageId(message)}"`);
          if (!isOfMacro) return whole;
          found += 1;
          const parts = compileMessageOrThrow(message);
          const isPlain = parts.length === 1 && parts[0] === message;
          return isPlain ? whole : `${name}${JSON.stringify(parts)}`;
        });
        const macros = code.split('/*i18n*/').length - 1;
        if (found !== macros) this.error(`Of ${macros} messages, ${found} could be compiled. A message may not have a context.`);
        // Lines stay as they are.
        return { code: compiled, map: null };
      },
    },
  };
}

/**
 * Loads the app's scripts and styles together with the first script, which imports the app once the
 * language is active.
 */
export function preloadApp(): Plugin {
  return {
    name: 'preload-app',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((output) => output.type === 'chunk');
        const app = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith('/src/app/start.tsx')));
        if (!app) return [];
        const first = chunks.find(({ isEntry }) => isEntry);
        const loaded = [first?.fileName, ...(first?.imports ?? [])];
        const scripts = [app.fileName, ...app.imports].filter((file) => !loaded.includes(file));
        const styles = [...(app.viteMetadata?.importedCss ?? [])];
        const link = (attrs: Record<string, string>) => ({
          tag: 'link',
          attrs: { ...attrs, crossorigin: '' },
          injectTo: 'head' as const,
        });
        return [
          ...scripts.map((file) => link({ rel: 'modulepreload', href: `/${file}` })),
          ...styles.map((file) => link({ rel: 'stylesheet', href: `/${file}` })),
        ];
      },
    },
  };
}
