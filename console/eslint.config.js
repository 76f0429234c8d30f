import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { LAYERS, NO_TEST_SUPPORT } from './eslint.layers.js';

// Payloads are shown as text, never as markup.
const AS_TEXT = {
  selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
  message: 'Text only.',
};
// Search parameters are declared, read and written in one place; see src/shared/address/addressState.ts.
const BY_HAND = 'Declare it with defineAddress, whose `address` writes it.';
const ADDRESSES = [
  { selector: "NewExpression[callee.name='URLSearchParams']", message: BY_HAND },
  { selector: 'Literal[value=/^\\u002f\\S*\\?/]', message: BY_HAND },
  { selector: 'TemplateElement[value.raw=/^(\\u002f\\S*\\?|\\?\\w+=)/]', message: BY_HAND },
];

export default defineConfig(
  globalIgnores(['dist', 'node_modules', 'src/shared/api/schema.ts']),
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat['recommended-latest'],
      jsxA11y.flatConfigs.strict,
    ],
    plugins: { 'import-x': importX },
    settings: {
      // The files whose imports are checked, and how an import without an extension is resolved.
      'import-x/extensions': ['.ts', '.tsx'],
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.tsx'] })],
    },
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.node.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones: [...LAYERS, NO_TEST_SUPPORT] }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-syntax': ['error', AS_TEXT, ...ADDRESSES],
      'no-restricted-imports': [
        'error',
        {
          name: 'react-router',
          importNames: ['useSearchParams', 'createSearchParams'],
          message: 'Declare what the address holds, and use useAddressState.',
        },
      ],
      // Storage that outlives the tab must not hold a token; see src/shared/auth/session.ts.
      'no-restricted-globals': ['error', 'localStorage'],
    },
  },
  {
    // The only writer, the API client's query strings, and tests, which state addresses in full.
    files: ['src/shared/address/addressState.ts', 'src/shared/api/client.ts', 'src/test/*', '**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-syntax': ['error', AS_TEXT] },
  },
  {
    files: ['src/test/**', '**/*.test.{ts,tsx}'],
    rules: { 'import-x/no-restricted-paths': ['error', { zones: LAYERS }] },
  },
  {
    // A table laid out as cards must name its roles: some browsers lose them otherwise.
    files: ['src/shared/lists/RowTable.tsx'],
    rules: {
      'jsx-a11y/no-redundant-roles': 'off',
      'jsx-a11y/no-interactive-element-to-noninteractive-role': 'off',
    },
  },
);
