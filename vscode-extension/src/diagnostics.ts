import * as vscode from 'vscode';
import type { Connection } from './client';
import type { EditorDiagnostic, FileDiagnostics } from './protocol';

/** What changes in a row goes in one message. */
const GATHER_MS = 150;

/** The host takes no more in one message. */
const FILES = 500;
const PER_FILE = 200;
const MESSAGE = 4_000;
const SHORT = 200;

const OWN = 'cairn';
const SEVERITIES = ['error', 'warning', 'information', 'hint'] as const;

/** Tells the host what all languages and linters say of the files, so that the agent sees the errors people see. */
export class Diagnostics implements vscode.Disposable {
  private readonly changed = new Map<string, vscode.Uri>();
  private timer: NodeJS.Timeout | undefined;
  private readonly listeners: vscode.Disposable[];

  constructor(private readonly connection: Connection) {
    this.listeners = [
      vscode.languages.onDidChangeDiagnostics(({ uris }) => this.gather(uris)),
      connection.onDidChange((connected) => connected && this.all()),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.listeners.forEach((listener) => listener.dispose());
  }

  /** A host that is new knows nothing yet; an empty message tells it that more will come. */
  private all(): void {
    this.send([]);
    this.gather(vscode.languages.getDiagnostics().map(([uri]) => uri));
  }

  private gather(uris: readonly vscode.Uri[]): void {
    uris.filter(({ scheme }) => scheme === 'file').forEach((uri) => this.changed.set(uri.toString(), uri));
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const uris = [...this.changed.values()].slice(0, FILES);
    uris.forEach((uri) => this.changed.delete(uri.toString()));
    this.send(uris.map(ofFile));
    if (this.changed.size > 0) {
      this.gather([]);
    }
  }

  private send(files: FileDiagnostics[]): void {
    this.connection.tell('cairn/editor/diagnostics', { files });
  }
}

function ofFile(uri: vscode.Uri): FileDiagnostics {
  const found = vscode.languages.getDiagnostics(uri).filter(({ source }) => source !== OWN);
  const worst = found.sort((a, b) => a.severity - b.severity).slice(0, PER_FILE);
  return { uri: uri.toString(), diagnostics: worst.map(onWire) };
}

function onWire({ range, severity, message, source, code }: vscode.Diagnostic): EditorDiagnostic {
  const value = typeof code === 'object' ? code.value : (code ?? '');
  return {
    line: range.start.line + 1,
    column: range.start.character + 1,
    severity: SEVERITIES[severity],
    message: message.slice(0, MESSAGE),
    source: (source ?? '').slice(0, SHORT),
    code: String(value).slice(0, SHORT),
  };
}
