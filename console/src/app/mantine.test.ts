import { expect, it } from 'vitest';
import styles from './mantine.ts?raw';

const modules = import.meta.glob<string>(['../**/*.ts', '../**/*.tsx', '!../**/*.test.*'], {
  query: '?raw',
  import: 'default',
  eager: true,
});
const LIBRARY = '/node_modules/@mantine/core/esm';
const library = import.meta.glob<string>('/node_modules/@mantine/core/esm/**/*.mjs', {
  query: '?raw',
  import: 'default',
});
/** Styles that belong to no component. */
const BASE = ['baseline', 'default-css-variables', 'global'];

function read(file: string): Promise<string> {
  const load = library[file];
  if (!load) throw new Error(`The library has no ${file}.`);
  return load();
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim().replace(/^type /, ''))
    .filter((name) => name !== '');
}

/** Everything that the console imports from Mantine, tests aside. */
function usedNames(): Set<string> {
  return new Set(
    Object.values(modules).flatMap((source) =>
      [...source.matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)].flatMap(
        ([, list = '']) => namesIn(list),
      ),
    ),
  );
}

/** The file that `other` names, seen from `file`. */
function resolved(file: string, other: string): string {
  return new URL(other, `http://library${file}`).pathname;
}

/** The modules of the library's index that export one of the names. */
async function modulesOf(names: Set<string>): Promise<string[]> {
  const index = `${LIBRARY}/index.mjs`;
  return [...(await read(index)).matchAll(/import \{([^}]*)\} from "(\.[^"]+)"/g)]
    .filter(([, list = '']) => namesIn(list).some((name) => names.has(name)))
    .map(([, , file = '']) => resolved(index, file));
}

/** The components whose styles these modules use, directly or by other components. */
async function styledComponents(files: string[]): Promise<string[]> {
  const waiting = [...files];
  const seen = new Set<string>();
  const styled = new Set<string>();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const name = /([^/]+)\.module\.mjs$/.exec(file)?.[1];
    if (name !== undefined) styled.add(name);
    for (const [, other = ''] of (await read(file)).matchAll(/from "(\.[^"]+)"/g)) {
      waiting.push(resolved(file, other));
    }
  }
  return [...styled];
}

it('every Mantine component in use has its styles, and no other one has', async () => {
  const imported = [...styles.matchAll(/styles\/([\w-]+)\.layer\.css/g)].map(([, name]) => name);
  const needed = [...BASE, ...(await styledComponents(await modulesOf(usedNames())))];
  expect(imported.toSorted()).toEqual(needed.toSorted());
});
