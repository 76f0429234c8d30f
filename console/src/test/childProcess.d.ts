// The console is compiled without Node's types, because it runs in a browser. A test runs a shell.
declare module 'node:child_process' {
  export function execFileSync(
    file: string,
    args: readonly string[],
    options: { encoding: 'utf8' },
  ): string;
}
