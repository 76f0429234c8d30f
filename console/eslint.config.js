import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import lingui from 'eslint-plugin-lingui';
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

// Times and numbers follow the person's format and time zone; see src/shared/ui/locale.ts.
const BY_LOCALE = 'Use the functions of shared/ui/format.ts and zones.ts, which follow the chosen format and time zone.';
const LOCALES = [
  { selector: "Identifier[name='Intl']:not(TSTypeReference *)", message: BY_LOCALE },
  { selector: 'MemberExpression[property.name=/^(toLocale\\w*String|toDateString|toTimeString|toUTCString|toFixed|toPrecision)$/]', message: BY_LOCALE },
  {
    selector: 'MemberExpression[property.name=/^(get|set)(Date|Day|FullYear|Hours|Minutes|Month|Seconds|TimezoneOffset)$/]',
    message: BY_LOCALE,
  },
];
// CSS follows the person's wish for less motion by itself; see src/app/theme.css. Scripts do not.
const MOVES = 'Jump instead: some people ask their system for less motion.';
const MOTION = [
  { selector: "Property[key.name='behavior'][value.value='smooth']", message: MOVES },
  {
    selector: 'CallExpression[callee.property.name=/^(fit|set|zoom)\\w+$/] Property[key.name=\'duration\']',
    message: MOVES,
  },
  { selector: "JSXAttribute[name.name='isAnimationActive'][value=null]", message: MOVES },
  { selector: "MemberExpression[property.name='animate']", message: MOVES },
];

// A text for people is a sentence or begins with a capital letter. Everything else is a name.
const NO_TEXT = {
  ignore: [
    // One word that begins with no capital letter: an id, a class, a path, a unit.
    '^[^A-Z\\s]\\S*$',
    // A constant, a header, a key of a keyboard shortcut, a name in camel case.
    '^[A-Z][A-Z0-9_+:-]*$',
    '^([A-Z]\\w*-)+[A-Z]\\w*$',
    '^\\S*[/:#$=.]\\S*$',
    '^\\s*(· )?Runledger$',
    // A path of SVG.
    '^M ?h1v1h-1z$',
  ],
  ignoreNames: [
    { regex: { pattern: '^(className|class|style|key|id|to|href|src|d|viewBox|transform|gridTemplateColumns|type|role|rel|autoComplete|name|Accept|Authorization|displayName)$' } },
    { regex: { pattern: '^(data-|aria-(controls|describedby|labelledby|keyshortcuts))' } },
    { regex: { pattern: '^[A-Z][A-Z0-9_]+$' } },
  ],
  ignoreFunctions: ['Error', 'TypeError', 'RegExp', 'console.*', '*.closest', '*.matches', '*.querySelector', '*.querySelectorAll', '*.has', '*.get', '*.set', '*.includes', '*.startsWith', '*.endsWith', '*.replace', '*.replaceAll', '*.split', '*.join', '*.test', '*.addEventListener', 'matchMedia', 'window.matchMedia', 'cx'],
  useTsTypes: true,
};

export default defineConfig(
  globalIgnores(['dist', 'node_modules', 'src/shared/api/schema.ts']),
  js.configs.recommended,
  {
    // The script of the frame that shows a message.
    files: ['public/*.js'],
    languageOptions: {
      sourceType: 'script',
      globals: Object.fromEntries(
        ['document', 'parent', 'addEventListener', 'CSSMediaRule', 'DOMParser'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat['recommended-latest'],
      jsxA11y.flatConfigs.strict,
    ],
    plugins: { 'import-x': importX, lingui },
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
      'lingui/no-unlocalized-strings': ['error', NO_TEXT],
      'lingui/no-expression-in-message': 'off',
      'lingui/no-single-variables-to-translate': 'error',
      'no-restricted-syntax': ['error', AS_TEXT, ...ADDRESSES, ...LOCALES, ...MOTION],
      'no-restricted-imports': [
        'error',
        {
          name: 'react-router',
          importNames: ['useSearchParams', 'createSearchParams'],
          message: 'Declare what the address holds, and use useAddressState.',
        },
        {
          name: 'react',
          importNames: ['lazy', 'Suspense'],
          message: 'Use lazyComponent, which does not keep placeholders on the screen.',
        },
      ],
      // Storage that outlives the tab must not hold a token; see src/shared/auth/session.ts.
      'no-restricted-globals': ['error', 'localStorage'],
    },
  },
  {
    // The only writer, the API client's query strings, and tests, which state addresses in full.
    files: ['src/shared/address/addressState.ts', 'src/shared/api/client.ts', 'src/test/*', '**/*.test.{ts,tsx}'],
    rules: { 'no-restricted-syntax': ['error', AS_TEXT, ...LOCALES, ...MOTION] },
  },
  {
    // Where times and numbers are written, and the only storage that outlives the tab.
    files: ['src/shared/ui/{format,formatList,locale,zones}{,.test}.ts'],
    rules: { 'no-restricted-syntax': ['error', AS_TEXT, ...ADDRESSES, ...MOTION] },
  },
  {
    files: ['src/test/**', '**/*.test.{ts,tsx}'],
    rules: { 'import-x/no-restricted-paths': ['error', { zones: LAYERS }], 'lingui/no-unlocalized-strings': 'off' },
  },
  {
    // Commands, styles, messages of a service, and what is said before any language is known.
    files: [
      'lingui.config.ts',
      'src/main.tsx',
      'src/pages/automations/webhook.ts',
      'src/pages/automations/editor/codeTheme.ts',
      'src/shared/auth/cognito.ts',
    ],
    rules: { 'lingui/no-unlocalized-strings': 'off' },
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
