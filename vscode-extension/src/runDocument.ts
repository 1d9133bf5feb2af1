import { utimes } from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Folder, Folders } from './folders';

/** Also in package.json, under `files.readonlyInclude`: only the host writes these files. */
const RUN_DOCUMENT: vscode.DocumentSelector = { scheme: 'file', pattern: '**/.cairn/local/sessions/*/run.md' };

/** A reader whose last visible line is this near the end follows the tail. */
const NEAR_THE_END = 2;

/** When to look whether an editor shows the whole file, each after the one before. */
const SETTLE_MS = [500, 1_000, 2_000, 4_000];

/** Where somebody reads. */
interface Reader {
  /** Whether they are at the end, and want to stay there. */
  readonly atEnd: boolean;
  /** The first line they see. */
  readonly top: number;
}

interface Followed {
  readonly watcher: vscode.Disposable;
  /** By the column of the editor: one that is shown again after another tab is a new editor in the same column. */
  readonly readers: Map<vscode.ViewColumn | undefined, Reader>;
}

/** The run as a Markdown file that the host appends to; here it is opened, and followed while it grows. */
export class RunDocuments implements vscode.Disposable {
  private readonly followed = new Map<vscode.TextDocument, Followed>();
  private readonly listeners: vscode.Disposable[] = [
    vscode.workspace.onDidOpenTextDocument((document) => this.follow(document)),
    vscode.workspace.onDidChangeTextDocument(({ document }) => this.grown(document)),
    vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.scrolled(textEditor)),
    vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => this.scrolled(editor))),
    vscode.workspace.onDidCloseTextDocument((document) => this.leave(document)),
  ];

  constructor(
    private readonly folders: Folders,
    private readonly log: vscode.LogOutputChannel,
  ) {
    vscode.workspace.textDocuments.forEach((document) => this.follow(document));
    this.listeners.push(
      folders.onEvent(({ kind }) => kind === 'session.state' && this.each((document) => this.settle(document))),
      folders.onDidConnect(() => this.each((document) => this.keepUp(document))),
    );
  }

  /** Shows the run's document at its end. */
  async open({ connection }: Folder, session: string): Promise<void> {
    const file = await connection.request('cairn/run/document', { session });
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file.path));
    const editor = await vscode.window.showTextDocument(document, { preview: false });
    this.followed.get(document)?.readers.set(editor.viewColumn, { atEnd: true, top: 0 });
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
      this.followed.set(document, { watcher, readers: new Map() });
      vscode.window.visibleTextEditors.forEach((editor) => this.scrolled(editor));
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
    const session = path.basename(path.dirname(document.fileName));
    for (const { connection, sessions } of this.folders.all.filter((folder) => folder.connection.connected)) {
      if ((await sessions.known()).some((info) => info.session === session)) {
        await connection.request('cairn/run/document', { session });
      }
    }
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
    const readers = this.followed.get(document)?.readers;
    vscode.window.visibleTextEditors
      .filter((editor) => editor.document === document && readers?.get(editor.viewColumn)?.atEnd)
      .forEach(toTheEnd);
  }

  /**
   * A document may grow many times before an editor has drawn it once, so which line is the last one on the
   * screen says little of what the reader wants: who comes near the end stays there until they scroll up.
   */
  private scrolled({ document, viewColumn, visibleRanges }: vscode.TextEditor): void {
    const readers = this.followed.get(document)?.readers;
    const [first, last] = [visibleRanges[0], visibleRanges.at(-1)];
    if (readers && first && last) {
      const before = readers.get(viewColumn);
      const top = first.start.line;
      const isNear = last.end.line >= document.lineCount - 1 - NEAR_THE_END;
      readers.set(viewColumn, { top, atEnd: isNear || (before !== undefined && before.atEnd && top >= before.top) });
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
