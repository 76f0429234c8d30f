import { ESLint } from 'eslint';
import { expect, it } from 'vitest';
import tseslint from 'typescript-eslint';

const RULE = 'no-restricted-syntax';
const lint = new ESLint({
  overrideConfig: [tseslint.configs.disableTypeChecked, { rules: { 'lingui/no-unlocalized-strings': 'off' } }],
});

async function refusals(filePath: string, line: string): Promise<number> {
  const results = await lint.lintText(`${line}\n`, { filePath });
  return results.flatMap(({ messages }) => messages).filter(({ ruleId }) => ruleId === RULE).length;
}

it.each([
  "export const format = new Intl.NumberFormat('en');",
  'export const text = (moment: Date) => moment.toLocaleTimeString();',
  'export const rate = (part: number) => part.toFixed(1);',
  'export const hour = (moment: Date) => moment.getHours();',
])('only the formatters write times and numbers: %s', async (line) => {
  expect(await refusals('src/pages/runs/x.ts', line)).toBe(1);
  expect(await refusals('src/shared/ui/format.ts', line)).toBe(0);
});

it.each([
  "document.body.scrollIntoView({ behavior: 'smooth' });",
  'void flow.fitView({ duration: 300 });',
  'document.body.animate([], 300);',
])('no script moves what a person wants to stand still: %s', async (line) => {
  expect(await refusals('src/pages/runs/x.ts', line)).toBe(1);
});
