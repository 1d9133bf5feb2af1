import { utimes } from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Connection } from './client';

/** Also in package.json, under `files.readonlyInclude`: only the host writes these files. */
const RUN_DOCUMENT: vscode.DocumentSelector = { scheme: 'file', pattern: '**/.cairn/local/sessions/*/run.md' };

/** A reader whose last visible line is this near the end follows the tail. */
const NEAR_THE_END = 2;

/** When to look whether an editor shows the whole file, each after the one before. */
const SETTLE_MS = [500, 1_000, 2_000, 4_000];

interface Followed {
  readonly watcher: vscode.Disposable;
  lines: number;
}

/** The run as a Markdown file that the host appends to; here it is opened, and followed while it grows. */
export class RunDocuments implements vscode.Disposable {
  private readonly followed = new Map<vscode.TextDocument, Followed>();
  private readonly listeners: vscode.Disposable[] = [
    vscode.workspace.onDidOpenTextDocument((document) => this.follow(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => this.grown(document)),
    vscode.workspace.onDidCloseTextDocument((document) => this.leave(document)),
  ];

  constructor(
    private readonly connection: Connection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    vscode.workspace.textDocuments.forEach((document) => this.follow(document));
    this.listeners.push(
      connection.onEvent(({ kind }) => kind === 'session.state' && this.each((document) => this.settle(document))),
      connection.onDidChange((connected) => connected && this.each((document) => this.keepUp(document))),
    );
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
      this.attempt(document, (opened) => this.settle(opened));
    }
  }

  private each(action: (document: vscode.TextDocument) => Promise<void>): void {
    [...this.followed.keys()].forEach((document) => this.attempt(document, action));
  }

  private attempt(document: vscode.TextDocument, action: (document: vscode.TextDocument) => Promise<void>): void {
    action(document).catch((error: unknown) => this.log.warn(`${document.fileName}: ${String(error)}`));
  }

  /** A new host writes on only in the documents that somebody asked it for. */
  private async keepUp(document: vscode.TextDocument): Promise<void> {
    await this.connection.request('cairn/run/document', { session: path.basename(path.dirname(document.fileName)) });
  }

  /**
   * What was written before the watcher stood, which can take seconds, is seen only with the next write. A run
   * that has come to rest writes no more, so the file is touched for as long as the editor shows less of it.
   */
  private async settle(document: vscode.TextDocument): Promise<void> {
    for (const delay of SETTLE_MS) {
      await pause(delay);
      if (this.followed.has(document) && (await sizeOf(document.uri)) > Buffer.byteLength(document.getText())) {
        await utimes(document.fileName, new Date(), new Date());
      }
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

async function sizeOf(file: vscode.Uri): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(file)).size;
  } catch {
    return 0; // deleted meanwhile
  }
}

function toTheEnd(editor: vscode.TextEditor): void {
  const end = editor.document.lineAt(editor.document.lineCount - 1).range;
  editor.revealRange(end, vscode.TextEditorRevealType.Default);
}
