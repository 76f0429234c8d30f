import { ESLint } from 'eslint';
import { expect, it } from 'vitest';
import tseslint from 'typescript-eslint';

const RULE = 'import-x/no-restricted-paths';
// The lint configuration without the rules that need types, which would read the whole console.
const lint = new ESLint({
  overrideConfig: [tseslint.configs.disableTypeChecked, { rules: { 'lingui/no-unlocalized-strings': 'off' } }],
});

/** The messages of the import rule for a file with this one line. */
async function refusals(filePath: string, line: string): Promise<string[]> {
  const results = await lint.lintText(`${line}\n`, { filePath });
  const messages = results.flatMap((result) => result.messages);
  return messages.filter(({ ruleId }) => ruleId === RULE).map(({ message }) => message);
}

it.each([
  ['shared on a page', 'src/shared/lists/x.ts', "import '../../pages/runs/RunsPage';"],
  ['shared on app', 'src/shared/ui/x.ts', "import '../../app/routes';"],
  ['a page from another', 'src/pages/contacts/x.ts', "import '../runs/queries';"],
  ['an inner folder on another page', 'src/pages/automations/editor/x.ts', "import '../../runs/queries';"],
  ['a page on app', 'src/pages/runs/x.ts', "import '../../app/navigation';"],
  ['a page on main', 'src/pages/runs/x.ts', "import '../../main';"],
  ['app on main', 'src/app/x.ts', "import '../main';"],
  ['a type', 'src/pages/runs/x.ts', "import type { A } from '../automations/types';"],
  ['a re-export', 'src/pages/runs/x.ts', "export * from '../automations/types';"],
  ['a dynamic import', 'src/pages/runs/x.ts', "void import('../contacts/ContactPage');"],
  ['a style', 'src/pages/runs/x.ts', "import '../contacts/ContactPage.module.css';"],
  ['api on auth', 'src/shared/api/x.ts', "import '../auth/session';"],
  ['api on address', 'src/shared/api/x.ts', "import '../address/parameters';"],
  ['auth on ui', 'src/shared/auth/x.ts', "import '../ui/format';"],
  ['ui on lists', 'src/shared/ui/x.ts', "import '../lists/livePages';"],
  ['lists on graph', 'src/shared/lists/x.ts', "import '../graph/model';"],
  ['lists on subjects', 'src/shared/lists/x.ts', "import '../subjects/runs';"],
  ['the product on its tests', 'src/shared/ui/x.ts', "import '../../test/server';"],
  ['a test of a page on another', 'src/pages/runs/x.test.ts', "import '../contacts/queries';"],
])('lint refuses an import against the direction: %s', async (_, filePath, line) => {
  expect(await refusals(filePath, line)).toHaveLength(1);
});

it.each([
  ['src/main.tsx', "import './app/App';"],
  ['src/app/x.ts', "void import('../pages/runs/RunsPage');"],
  ['src/app/x.ts', "import '../shared/ui/format';"],
  ['src/pages/automations/editor/x.ts', "import '../queries';"],
  ['src/pages/automations/x.ts', "import './editor/schema';"],
  ['src/pages/runs/x.ts', "import '../../shared/subjects/contacts';"],
  ['src/shared/subjects/x.ts', "import '../lists/filters';"],
  ['src/shared/auth/x.ts', "import '../api/client';"],
  ['src/pages/runs/x.test.ts', "import '../../test/server';"],
])('lint accepts an import in the right direction: %s, %s', async (filePath, line) => {
  expect(await refusals(filePath, line)).toEqual([]);
});
