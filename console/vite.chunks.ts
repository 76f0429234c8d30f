/**
 * Which modules share a script. The bundler makes a script for each set of pages that share
 * modules, so that a page loads some sixty of them, each smaller than its request. Here the app is
 * one script, the frame around the pages is one, and what pages share is merged where that saves
 * more requests than it adds bytes.
 */

import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite';

type Chunk = Rolldown.OutputChunk;

/** What a request costs, in bytes of a script before compression that take as long. */
const REQUEST_BYTES = 7_000;
const APP = '/src/app/start.tsx';
const FRAME = '/src/app/Pages.tsx';
/** These are opened first most often, so they load nothing that only others need. */
const FIRST_PAGES = ['/src/pages/overview/OverviewPage.tsx', '/src/pages/runs/RunsPage.tsx'];

interface Script {
  files: Set<string>;
  /** The pages and dialogs that load it, by their files. */
  loadedBy: Set<string>;
  bytes: number;
}

class Graph {
  private readonly chunks: Map<string, Chunk>;

  constructor(chunks: readonly Chunk[]) {
    this.chunks = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  }

  get all(): Chunk[] {
    return [...this.chunks.values()];
  }

  at(file: string): Chunk {
    const chunk = this.chunks.get(file);
    if (!chunk) throw new Error(`The build has no ${file}.`);
    return chunk;
  }

  of(module: string): Chunk {
    const chunk = this.all.find(({ facadeModuleId }) => facadeModuleId?.endsWith(module));
    if (!chunk) throw new Error(`No script begins with ${module}.`);
    return chunk;
  }

  largest(files: Iterable<string>): Chunk {
    const chunks = [...files].map((file) => this.at(file));
    return chunks.reduce((most, chunk) => (chunk.code.length > most.code.length ? chunk : most));
  }

  /** The files that these import, and those that are imported by them in turn. */
  imported(files: Iterable<string>, next = (file: string): Iterable<string> => [file]): Set<string> {
    const found = new Set<string>();
    const waiting = [...files];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (found.has(file)) continue;
      for (const together of next(file)) {
        found.add(together);
        waiting.push(...this.at(together).imports.filter((other) => !found.has(other)));
      }
    }
    return found;
  }
}

function union<Value>(some: Set<Value>, others: Set<Value>): Set<Value> {
  return new Set([...some, ...others]);
}

function without<Value>(some: Set<Value>, others: Set<Value>): Set<Value> {
  return new Set([...some].filter((value) => !others.has(value)));
}

/** The bytes that merging two scripts saves. */
function saving(one: Script, other: Script, first: readonly string[]): number {
  if (first.some((file) => one.loadedBy.has(file) !== other.loadedBy.has(file))) return -1;
  const both = [...one.loadedBy].filter((file) => other.loadedBy.has(file)).length;
  return (
    both * REQUEST_BYTES -
    (one.loadedBy.size - both) * other.bytes -
    (other.loadedBy.size - both) * one.bytes
  );
}

/** Whether a third script would stand between the two: it imports one, and the other imports it. */
function wouldBeCircular(graph: Graph, scripts: readonly Script[], one: Script, other: Script): boolean {
  const together = union(one.files, other.files);
  const outside = [...together]
    .flatMap((file) => graph.at(file).imports)
    .filter((file) => !together.has(file));
  const owner = new Map(scripts.flatMap((script) => [...script.files].map((file) => [file, script.files])));
  const reached = graph.imported(outside, (file) => owner.get(file) ?? [file]);
  return [...together].some((file) => reached.has(file));
}

/** Merges the pair that saves most, until none saves anything. */
function merged(graph: Graph, scripts: readonly Script[], first: readonly string[]): Script[] {
  const pairs = scripts
    .flatMap((one, index) => scripts.slice(index + 1).map((other) => ({ one, other, saved: saving(one, other, first) })))
    .filter(({ saved }) => saved > 0)
    .toSorted((some, others) => others.saved - some.saved);
  const best = pairs.find(({ one, other }) => !wouldBeCircular(graph, scripts, one, other));
  if (!best) return [...scripts];
  const { one, other } = best;
  const joined = {
    files: union(one.files, other.files),
    loadedBy: union(one.loadedBy, other.loadedBy),
    bytes: one.bytes + other.bytes,
  };
  return merged(graph, [joined, ...scripts.filter((script) => script !== one && script !== other)], first);
}

/** The name of each module's script, if it is not the bundler's own. */
function scriptNames(chunks: readonly Chunk[]): Map<string, string> {
  const graph = new Graph(chunks);
  const entry = graph.imported(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  const app = without(graph.imported([graph.of(APP).fileName]), entry);
  const frame = without(without(graph.imported([graph.of(FRAME).fileName]), app), entry);
  const always = union(union(entry, app), frame);

  const loadedBy = new Map<string, Set<string>>();
  for (const { fileName, isDynamicEntry } of chunks) {
    if (!isDynamicEntry || always.has(fileName)) continue;
    for (const file of without(graph.imported([fileName]), always)) {
      loadedBy.set(file, union(loadedBy.get(file) ?? new Set(), new Set([fileName])));
    }
  }
  const shared = [...loadedBy]
    .filter(([file]) => !graph.at(file).isDynamicEntry)
    .map(([file, users]) => ({ files: new Set([file]), loadedBy: users, bytes: graph.at(file).code.length }));
  const groups = merged(graph, shared, FIRST_PAGES.map((page) => graph.of(page).fileName));
  const named = [
    { name: 'start', files: app },
    { name: 'Pages', files: frame },
    ...groups.map(({ files }) => ({ name: graph.largest(files).name, files })),
  ];
  return new Map(
    named.flatMap(({ name, files }) =>
      [...files].flatMap((file) => graph.at(file).moduleIds.map((id) => [id, name] as const)),
    ),
  );
}

/** Builds once as the bundler would, without writing, and decides by that. */
export function fewerScripts(first: () => InlineConfig): Plugin {
  let names = new Map<string, string>();
  return {
    name: 'fewer-scripts',
    apply: 'build',
    async config() {
      const built = await build({ ...first(), configFile: false, logLevel: 'warn' });
      const output = [built].flat().flatMap((one) => ('output' in one ? one.output : []));
      names = scriptNames(output.filter((one) => one.type === 'chunk'));
      return {
        build: {
          rolldownOptions: {
            output: {
              codeSplitting: {
                includeDependenciesRecursively: false,
                groups: [{ debugName: 'shared', name: (id: string) => names.get(id) ?? null }],
              },
            },
          },
        },
      };
    },
  };
}
