import * as path from 'node:path';
import * as vscode from 'vscode';
import type { Connection } from './client';

/** Also in package.json, under `files.readonlyInclude`: only the host writes these files. */
const RUN_DOCUMENT: vscode.DocumentSelector = { scheme: 'file', pattern: '**/.cairn/local/sessions/*/run.md' };

/** A reader whose last visible line is this near the end follows the tail. */
const NEAR_THE_END = 2;

interface Followed {
  readonly watcher: vscode.Disposable;
  lines: number;
}

/** The run as a Markdown file that the host appends to; here it is opened, and followed while it grows. */
export class RunDocuments implements vscode.Disposable {
  private readonly followed = new Map<vscode.TextDocument, Followed>();
  private readonly listeners = [
    vscode.workspace.onDidOpenTextDocument((document) => this.follow(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => this.grown(document)),
    vscode.workspace.onDidCloseTextDocument((document) => this.leave(document)),
  ];

  constructor(private readonly connection: Connection) {
    vscode.workspace.textDocuments.forEach((document) => this.follow(document));
  }

  /** Shows the run's document at its end. */
  async open(session: string): Promise<void> {
    const file = await this.connection.request('cairn/run/document', { session });
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file.path));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    toTheEnd(editor);
  }

  dispose(): void {
    this.listeners.forEach((listener) => listener.dispose());
    [...this.followed.keys()].forEach((document) => this.leave(document));
  }

  /**
   * VS Code watches the whole workspace, but misses folders that are made one in another in a moment, as those
   * of a first run are. So package.json takes them out (`files.watcherExclude`; the database beside them changes
   * all the time besides), and each open document is watched by itself.
   */
  private follow(document: vscode.TextDocument): void {
    if (vscode.languages.match(RUN_DOCUMENT, document) && !this.followed.has(document)) {
      const { dir, base } = path.parse(document.fileName);
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(dir), base));
      this.followed.set(document, { watcher, lines: document.lineCount });
    }
  }

  private leave(document: vscode.TextDocument): void {
    this.followed.get(document)?.watcher.dispose();
    this.followed.delete(document);
  }

  private grown(document: vscode.TextDocument): void {
    const followed = this.followed.get(document);
    if (!followed) {
      return;
    }
    const before = followed.lines;
    followed.lines = document.lineCount;
    for (const editor of vscode.window.visibleTextEditors.filter((candidate) => candidate.document === document)) {
      const lastVisible = editor.visibleRanges.at(-1)?.end.line ?? 0;
      if (lastVisible >= before - 1 - NEAR_THE_END) {
        toTheEnd(editor);
      }
    }
  }
}

function toTheEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range;
  editor.revealRange(end, vscode.TextEditorRevealType.Default);
}
