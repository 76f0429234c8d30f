import { defineConfig } from '@lingui/cli';
import { formatter } from '@lingui/format-po';
import { createSwcExtractor } from '@lingui/native-tools';

// Texts are written in the source, in English. A further language is one more entry in `locales`.
export default defineConfig({
  sourceLocale: 'en',
  locales: ['en'],
  catalogs: [
    {
      // `npm run extract:check` writes elsewhere, and compares.
      path: `<rootDir>/${process.env.CATALOGUES ?? 'src/locales'}/{locale}`,
      include: ['src'],
      exclude: ['**/*.test.*', 'src/test/**'],
    },
  ],
  orderBy: 'message',
  // A line's number would change the catalogues with every edit above it.
  format: formatter({ lineNumbers: false }),
  extractors: [createSwcExtractor()],
  runtimeConfigModule: { Trans: ['#trans', 'Trans'] },
});
