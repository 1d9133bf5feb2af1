import type * as vscode from 'vscode';

/** The same log, in which none of `secrets` can be written: a trace of all messages goes there, too. */
export function hiding(log: vscode.LogOutputChannel, secrets: ReadonlySet<string>): vscode.LogOutputChannel {
  const hide = (value: unknown): unknown =>
    typeof value === 'string' ? [...secrets].reduce((text, secret) => text.replaceAll(JSON.stringify(secret).slice(1, -1), '***'), value) : value;
  return new Proxy(log, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      return typeof found === 'function' ? (...args: unknown[]): unknown => found.apply(target, args.map(hide)) as unknown : found;
    },
  });
}
